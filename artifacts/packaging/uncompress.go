package packaging

import (
	"encoding/json"
	"fmt"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// uncompressedDocker is the type of an uncompressed layer of Docker's (go.podman.io/image/v5/manifest).
const uncompressedDocker = "application/vnd.docker.image.rootfs.diff.tar"

// Uncompress describes a container image anew, with the tars in its layers in place of the layers: sizes are their lengths in
// bytes, in the order of ImageLayers. All else of the manifest is kept; the config, which names the tars, is the same. What
// annotations say of the compressed bytes goes. Errors are those of ImageLayers.
func Uncompress(manifest, config []byte, sizes []int64) ([]byte, error) {
	layers, err := ImageLayers(manifest, config)
	if err != nil {
		return nil, err
	}
	if len(sizes) != len(layers) {
		return nil, fmt.Errorf("%w: it has %d layers, not %d", ErrInvalidManifest, len(layers), len(sizes))
	}
	var doc map[string]json.RawMessage
	var described []map[string]any
	if err := json.Unmarshal(manifest, &doc); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidManifest, err)
	}
	if err := json.Unmarshal(doc["layers"], &described); err != nil {
		return nil, fmt.Errorf("%w: its layers: %w", ErrInvalidManifest, err)
	}
	for i, d := range described {
		if layers[i].Encoding == Tar {
			continue
		}
		d["mediaType"], d["digest"], d["size"] = ocispec.MediaTypeImageLayer, layers[i].DiffID, sizes[i]
		if strings.HasPrefix(layers[i].MediaType, "application/vnd.docker.") {
			d["mediaType"] = uncompressedDocker
		}
		delete(d, "urls")
		notes, _ := d["annotations"].(map[string]any) // nil if there are none
		for key := range notes {
			if strings.HasPrefix(key, "io.github.containers.zstd-chunked.") || strings.HasPrefix(key, "containerd.io/snapshot/stargz/") {
				delete(notes, key)
			}
		}
		if len(notes) == 0 {
			delete(d, "annotations")
		}
	}
	if doc["layers"], err = json.Marshal(described); err != nil {
		return nil, fmt.Errorf("describing an image: %w", err)
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("describing an image: %w", err)
	}
	return raw, nil
}
