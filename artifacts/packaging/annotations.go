package packaging

import (
	"encoding/json"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Annotations returns the annotations of a manifest or an index; nil if it has none or cannot be read.
func Annotations(manifest []byte) map[string]string {
	var doc struct {
		Annotations map[string]string `json:"annotations"`
	}
	if len(manifest) > MaxManifestSize || json.Unmarshal(manifest, &doc) != nil {
		return nil
	}
	return doc.Annotations
}

// Created returns when a manifest says it was made, in its annotation org.opencontainers.image.created (RFC 3339); the
// zero Time if it does not say, or not in that form, or says the epoch, as reproducible builds do, and as it is for images.
func Created(manifest []byte) time.Time {
	t, err := time.Parse(time.RFC3339, Annotations(manifest)[ocispec.AnnotationCreated])
	if err != nil || t.Unix() == 0 {
		return time.Time{}
	}
	return t
}
