package packaging

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

const (
	// Ollama calls its config a Docker image's, which it is not; in the OCI form it is called what it is.
	ollamaConfig = "application/vnd.ollama.image.config+json"
	// publishedAnnotation keeps the digest of the manifest that an OCI form was made of.
	publishedAnnotation = "org.paddock.published.digest"
)

// OCIForm returns the manifest of an Ollama model as an OCI artifact: Ollama writes Docker manifests, which neither Podman's
// artifact store nor containers/image takes (image/manifest: "unsupported docker v2s2 media type"). Config, layers and their
// types stay; each layer gets its file's name as a title, the manifest the digest of the published one as an annotation.
// nil if the manifest is none of these, and can be kept as it is. The error wraps ErrInvalidManifest.
func OCIForm(mediaType string, manifest []byte) ([]byte, error) {
	if ManifestMediaType(mediaType, manifest) != dockerManifest {
		return nil, nil
	}
	found, err := Detect(manifest)
	if err != nil || found.Format != Ollama {
		return nil, err
	}
	parsed, err := Parse(manifest, nil)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Config Descriptor
		Layers []Descriptor
	}
	if err := json.Unmarshal(manifest, &doc); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidManifest, err)
	}
	doc.Config.MediaType = ollamaConfig
	out := ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, Config: doc.Config,
		Annotations: map[string]string{publishedAnnotation: digest.FromBytes(manifest).String()},
	}
	files := parsed.Files
	for _, l := range doc.Layers {
		d := Descriptor{MediaType: l.MediaType, Digest: l.Digest, Size: l.Size, Annotations: map[string]string{}}
		maps.Copy(d.Annotations, l.Annotations)
		if len(files) > 0 && files[0].Digest == l.Digest { // not for a layer that repeats a file
			d.Annotations[ocispec.AnnotationTitle] = flatTitle(BuildFile{Path: files[0].Path, Digest: l.Digest})
			files = files[1:]
		}
		out.Layers = append(out.Layers, d)
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("writing the manifest: %w", err)
	}
	return raw, nil
}
