package packaging

import (
	"fmt"

	"github.com/opencontainers/go-digest"
)

// ImageLayers returns the layers of a container image, lowest first: of each Digest, Size, Encoding and DiffID, the digest of
// the tar in it as the config says. The errors are those of Parse.
func ImageLayers(manifest, config []byte) ([]File, error) {
	doc, err := decode(manifest)
	if err == nil {
		err = doc.checkConfig(config)
	}
	if err != nil {
		return nil, err
	}
	var image struct {
		RootFS struct {
			DiffIDs []digest.Digest `json:"diff_ids"`
		} `json:"rootfs"`
	}
	if err := doc.unmarshalConfig(config, &image); err != nil {
		return nil, err
	}
	if len(image.RootFS.DiffIDs) != len(doc.Layers) {
		return nil, fmt.Errorf("%w: it has %d layers, and its config knows %d", ErrInvalidManifest, len(doc.Layers), len(image.RootFS.DiffIDs))
	}
	files := make([]File, len(doc.Layers))
	for i := range doc.Layers {
		l := &doc.Layers[i]
		files[i] = File{
			Path: fmt.Sprintf("layer %d", i+1), MediaType: l.MediaType, Digest: l.Digest, Size: *l.Size,
			Encoding: encodingOf(l.MediaType), DiffID: image.RootFS.DiffIDs[i],
		}
		if files[i].Encoding == Raw {
			return nil, fmt.Errorf("%w: layer %s: %.100q is no archive", ErrInvalidManifest, l.Digest, l.MediaType)
		}
	}
	return files, nil
}
