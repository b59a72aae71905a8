package packaging

import (
	_ "crypto/sha256" // the digests that the OCI image specification registers
	_ "crypto/sha512"
	"encoding/json"
	"fmt"
	"math"

	"github.com/opencontainers/go-digest"
)

// document is a manifest or an index as it was written.
type document struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType"`
	ArtifactType  string            `json:"artifactType"`
	Config        *layer            `json:"config"`
	Layers        []layer           `json:"layers"`
	Manifests     json.RawMessage   `json:"manifests"`
	Annotations   map[string]string `json:"annotations"`
}

// layer is a descriptor in a manifest.
type layer struct {
	MediaType    string            `json:"mediaType"`
	ArtifactType string            `json:"artifactType"`
	Digest       digest.Digest     `json:"digest"`
	Size         *int64            `json:"size"` // nil if the manifest does not say
	Annotations  map[string]string `json:"annotations"`
	Name         string            `json:"name"` // Ollama's
}

// decode reads and validates a manifest. An index is only recognised; ChooseInstance validates it.
func decode(manifest []byte) (*document, error) {
	if len(manifest) > MaxManifestSize {
		return nil, fmt.Errorf("%w: %d bytes, more than the limit of %d", ErrInvalidManifest, len(manifest), MaxManifestSize)
	}
	var doc document
	if err := json.Unmarshal(manifest, &doc); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidManifest, err)
	}
	if doc.SchemaVersion != 2 {
		return nil, fmt.Errorf("%w: schema version %d, want 2", ErrInvalidManifest, doc.SchemaVersion)
	}
	if err := doc.unambiguous(); err != nil {
		return nil, err
	}
	if doc.isIndex() {
		return &doc, nil
	}
	return &doc, doc.validate()
}

// isIndex says whether the document is an index. It is exact only for an unambiguous document.
func (d *document) isIndex() bool {
	return isIndexType(d.MediaType) || present(d.Manifests)
}

// unambiguous refuses a document that one reader takes for a manifest and another for an index (CVE-2021-41190), and
// types of documents that are neither.
func (d *document) unambiguous() error {
	manifest := d.Config != nil || d.Layers != nil
	switch {
	case d.MediaType != "" && !isIndexType(d.MediaType) && !isManifestType(d.MediaType):
		return fmt.Errorf("%w: media type %q is not supported", ErrInvalidManifest, d.MediaType)
	case manifest && present(d.Manifests):
		return fmt.Errorf("%w: it lists both layers and manifests", ErrInvalidManifest)
	case manifest && isIndexType(d.MediaType):
		return fmt.Errorf("%w: media type %s, but it lists layers", ErrInvalidManifest, d.MediaType)
	case present(d.Manifests) && isManifestType(d.MediaType):
		return fmt.Errorf("%w: media type %s, but it lists manifests", ErrInvalidManifest, d.MediaType)
	}
	return nil
}

// validate checks the descriptors, so that no other code need.
func (d *document) validate() error {
	if d.Config == nil {
		return fmt.Errorf("%w: it has no config", ErrInvalidManifest)
	}
	if len(d.Layers) > MaxLayers {
		return fmt.Errorf("%w: %d layers, more than the limit of %d", ErrInvalidManifest, len(d.Layers), MaxLayers)
	}
	if err := d.Config.validate(); err != nil {
		return fmt.Errorf("%w: config: %w", ErrInvalidManifest, err)
	}
	total := *d.Config.Size
	sizes := map[digest.Digest]int64{d.Config.Digest: total}
	for i := range d.Layers {
		l := &d.Layers[i]
		if err := l.validate(); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrInvalidManifest, d.label(i), err)
		}
		if known, seen := sizes[l.Digest]; seen && known != *l.Size {
			return fmt.Errorf("%w: %s: size %d, but %d elsewhere", ErrInvalidManifest, d.label(i), *l.Size, known)
		}
		sizes[l.Digest] = *l.Size
		if *l.Size > math.MaxInt64-total {
			return fmt.Errorf("%w: %s: the sizes add up to more than %d bytes", ErrInvalidManifest, d.label(i), int64(math.MaxInt64))
		}
		total += *l.Size
	}
	return nil
}

func (l *layer) validate() error {
	if l.Digest == "" {
		return fmt.Errorf("it has no digest")
	}
	if err := l.Digest.Validate(); err != nil {
		return fmt.Errorf("digest %q: %w", l.Digest, err)
	}
	if l.Size == nil {
		return fmt.Errorf("it has no size")
	}
	if *l.Size < 0 {
		return fmt.Errorf("size %d is negative", *l.Size)
	}
	return nil
}

// label names a layer in an error. Layers are counted from 1.
func (d *document) label(i int) string {
	return fmt.Sprintf("layer %d of %d (%s)", i+1, len(d.Layers), d.Layers[i].Digest)
}
