package packaging

import (
	"encoding/json"
	"mime"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Media types that the OCI image specification does not name.
const (
	dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
	dockerList     = "application/vnd.docker.distribution.manifest.list.v2+json"
	dockerConfig   = "application/vnd.docker.container.image.v1+json"

	// Prefixes and types of the packagings; formats are described in model-spec (specs-go/v1/mediatype.go; the cnai prefix
	// up to v0.0.6), docker/model-runner (types/config.go), kitops, ollama (server/images.go) and omlmd (helpers.py).
	modelPackPrefix    = "application/vnd.cncf.model."
	modelPackOldPrefix = "application/vnd.cnai.model."
	dockerAIPrefix     = "application/vnd.docker.ai."
	dockerAIConfig     = "application/vnd.docker.ai.model.config.v"
	kitPrefix          = "application/vnd.kitops."
	kitLayerPrefix     = "application/vnd.kitops.modelkit."
	kitConfig          = "application/vnd.kitops.modelkit.config."
	ollamaPrefix       = "application/vnd.ollama.image."
	omlmdModel         = "application/x-mlmodel"
	omlmdConfig        = "application/x-config"
	octetStream        = "application/octet-stream"
)

// ManifestMediaType returns the media type of a manifest or an index: the content type that it came with, unless that is
// empty or says nothing ("application/json"); then what the document says of itself; then a guess from its shape, since
// KitOps writes no media type: an index if it lists manifests, a Docker manifest if its config is Docker's and no OCI
// type, else an OCI manifest. Parameters of the content type are dropped. A document that cannot be read is
// called an OCI manifest too; reading it tells what is wrong.
func ManifestMediaType(contentType string, manifest []byte) string {
	if t, _, err := mime.ParseMediaType(contentType); err == nil && !saysNothing(t) {
		return t
	}
	var shape struct {
		MediaType string                     `json:"mediaType"`
		Manifests json.RawMessage            `json:"manifests"`
		Config    struct{ MediaType string } `json:"config"`
	}
	if len(manifest) > MaxManifestSize || json.Unmarshal(manifest, &shape) != nil {
		return ocispec.MediaTypeImageManifest
	}
	switch {
	case shape.MediaType != "":
		return shape.MediaType
	case present(shape.Manifests):
		return ocispec.MediaTypeImageIndex
	case shape.Config.MediaType == dockerConfig:
		return dockerManifest
	}
	return ocispec.MediaTypeImageManifest
}

// IsIndex says whether a document is an index (or Docker's manifest list), by the rules of ManifestMediaType.
func IsIndex(mediaType string, manifest []byte) bool {
	return isIndexType(ManifestMediaType(mediaType, manifest))
}

// saysNothing says whether a content type is one that servers send for any document.
func saysNothing(mediaType string) bool {
	switch mediaType {
	case "", "application/json", "text/plain", octetStream:
		return true
	}
	return false
}

// present says whether a JSON member is there and is not null.
func present(raw json.RawMessage) bool {
	return len(raw) > 0 && string(raw) != "null"
}

func isIndexType(mediaType string) bool {
	return mediaType == ocispec.MediaTypeImageIndex || mediaType == dockerList
}

func isManifestType(mediaType string) bool {
	return mediaType == ocispec.MediaTypeImageManifest || mediaType == dockerManifest
}

func isImageConfig(mediaType string) bool {
	return mediaType == ocispec.MediaTypeImageConfig || mediaType == dockerConfig
}

// isRootfs says whether a layer is a file system of a container image, encrypted or not.
func isRootfs(mediaType string) bool {
	t := strings.TrimSuffix(mediaType, "+encrypted")
	return strings.HasPrefix(t, "application/vnd.oci.image.layer.v1.tar") ||
		strings.HasPrefix(t, "application/vnd.oci.image.layer.nondistributable.v1.tar") ||
		strings.HasPrefix(t, "application/vnd.docker.image.rootfs.")
}

func isModelPack(mediaType string) bool {
	return strings.HasPrefix(mediaType, modelPackPrefix) || strings.HasPrefix(mediaType, modelPackOldPrefix)
}

// encodingOf reads the encoding off the end of a media type whose packaging is known to mean it. Any other ending is
// the file itself.
func encodingOf(mediaType string) Encoding {
	switch {
	case strings.HasSuffix(mediaType, ".tar"):
		return Tar
	case strings.HasSuffix(mediaType, ".tar+gzip"), strings.HasSuffix(mediaType, ".tar.gzip"):
		return TarGzip
	case strings.HasSuffix(mediaType, ".tar+zstd"), strings.HasSuffix(mediaType, ".tar.zstd"):
		return TarZstd
	}
	return Raw
}
