package packaging

import (
	"encoding/json"
	"fmt"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// The annotations that name a layer's file, and the ones that tell how it is packed.
const (
	filepathAnnotation    = "org.cncf.model.filepath"     // model-spec, specs-go/v1/annotations.go
	oldFilepathAnnotation = "org.cnai.model.filepath"     // model-spec up to v0.0.6
	unpackAnnotation      = "io.deis.oras.content.unpack" // oras-go, content/file/file.go
	plainAnnotation       = "io.deis.oras.content.digest"
	// roleAnnotation is paddock's own: the role of a file whose media type and name together say another.
	roleAnnotation = "org.paddock.model.role"
)

// metadataAnnotations returns the annotations whose value is JSON with the file's name, newest first (model-spec, its
// releases up to v0.0.6, and v0.0.4).
func metadataAnnotations() []string {
	return []string{"org.cncf.model.file.metadata+json", "org.cnai.model.file.metadata+json", "org.cnai.model.file.metadata"}
}

// title returns the name by which Podman and oras know the layer's file.
func (l *layer) title() string { return l.Annotations[ocispec.AnnotationTitle] }

// modelType returns the ModelPack type of a layer. The first drafts of model-spec gave layers an image's media type and
// the model's as artifact type.
func (l *layer) modelType() string {
	if isModelPack(l.ArtifactType) && !isModelPack(l.MediaType) {
		return l.ArtifactType
	}
	return l.MediaType
}

// fileName returns the path of the layer's file as the publisher wrote it, "" if nowhere. The order is the one that is
// right for every known tool: filepath comes before title, because RamaLama's title is the name of the blob.
func (l *layer) fileName() (string, error) {
	for _, key := range []string{filepathAnnotation, oldFilepathAnnotation, ocispec.AnnotationTitle} {
		if v := l.Annotations[key]; v != "" {
			return v, nil
		}
	}
	for _, key := range metadataAnnotations() {
		v := l.Annotations[key]
		if v == "" {
			continue
		}
		// Tools write the type flag as a number and as a character: nothing but the name is looked at.
		var metadata struct {
			Name string `json:"name"`
		}
		if err := json.Unmarshal([]byte(v), &metadata); err != nil {
			return "", fmt.Errorf("annotation %s: %w", key, err)
		}
		if metadata.Name != "" {
			return metadata.Name, nil
		}
	}
	return l.Name, nil
}

// blobName is what Podman calls the file of a layer without a title.
func (l *layer) blobName() string {
	return l.Digest.Algorithm().String() + "-" + l.Digest.Encoded()
}
