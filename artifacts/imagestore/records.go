package imagestore

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/imagetree"
)

// manifestKey is the big data that holds an image's manifest (storage.ImageDigestBigDataKey).
const manifestKey = "manifest"

// image is a record of <driver>-images/images.json (storage, images.go).
type image struct {
	ID       string                   `json:"id"`
	Names    []string                 `json:"names"`
	TopLayer string                   `json:"layer"`
	Sizes    map[string]int64         `json:"big-data-sizes"`
	Digests  map[string]digest.Digest `json:"big-data-digests"`
	Created  time.Time                `json:"created"`
}

// digest is that of the image's manifest; "" if it has none.
func (i *image) digest() digest.Digest { return i.Digests[manifestKey] }

// layer is a record of <driver>-layers/layers.json (storage, layers.go).
type layer struct {
	ID         string        `json:"id"`
	Parent     string        `json:"parent"`
	Compressed digest.Digest `json:"compressed-diff-digest"`
	Diff       digest.Digest `json:"diff-digest"`
	DiffSize   int64         `json:"diff-size"`
}

// records are the images and layers at one time.
type records struct {
	store  *Store
	images []image
	layers map[string]*layer
	strict bool      // an image that cannot be read is an error, and not one that carries no model
	unzip  sync.Pool // of *unzipper

	mu      sync.Mutex
	effects map[string]*imagetree.Layer // by layer, as they are read; guarded by mu
}

// read reads the records. The library replaces both files as a whole, so that no lock is needed: an image is written after
// its layers, and removed before them. The images are read first; a layer that was removed since is missing, as it then is.
func (s *Store) read() (*records, error) {
	r := &records{store: s, layers: map[string]*layer{}, effects: map[string]*imagetree.Layer{}}
	if err := readJSON(s.imageDir("images.json"), &r.images); err != nil {
		return nil, err
	}
	var layers []layer
	if err := readJSON(s.layerDir("layers.json"), &layers); err != nil {
		return nil, err
	}
	for i := range layers {
		r.layers[layers[i].ID] = &layers[i]
	}
	return r, nil
}

// readJSON leaves v as it is if there is no file: a storage that nothing was ever put in has none.
func readJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("reading Podman's images: %w", err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("reading Podman's images: %s: %w", path, err)
	}
	return nil
}

func (s *Store) imageDir(elem ...string) string {
	return filepath.Join(append([]string{s.place.GraphRoot, s.place.Driver + "-images"}, elem...)...)
}

func (s *Store) layerDir(elem ...string) string {
	return filepath.Join(append([]string{s.place.GraphRoot, s.place.Driver + "-layers"}, elem...)...)
}

// bigData reads a blob that the image's record lists; its digest must be as recorded.
func (s *Store) bigData(i *image, key string, max int64) ([]byte, error) {
	d := i.Digests[key]
	if err := d.Validate(); err != nil {
		return nil, fmt.Errorf("digest of %s: %w", key, err)
	}
	data, err := atrest.ReadVerified(s.imageDir(i.ID, bigDataName(key)), d, max)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", key, err)
	}
	return data, nil
}

// bigDataName is the library's name for a file of that key (storage, makeBigDataBaseName).
func bigDataName(key string) string {
	plain := func(r rune) bool { return r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' }
	if strings.ContainsFunc(key, func(r rune) bool { return !plain(r) }) {
		return "=" + base64.StdEncoding.EncodeToString([]byte(key))
	}
	return key
}

// chain returns the layers of an image, the lowest first.
func (r *records) chain(i *image) ([]*layer, error) {
	var chain []*layer
	for id := i.TopLayer; id != ""; {
		l := r.layers[id]
		if l == nil || len(chain) > len(r.layers) {
			return nil, fmt.Errorf("layer %.12s of image %.12s is missing", id, i.ID)
		}
		chain = append([]*layer{l}, chain...)
		id = l.Parent
	}
	return chain, nil
}

// diffDir is the folder that holds the files of a layer: with overlay its own, with vfs those of the layers below, too. ""
// for drivers that keep them elsewhere.
func (s *Store) diffDir(layer string) string {
	switch s.place.Driver {
	case "overlay":
		return filepath.Join(s.place.GraphRoot, "overlay", layer, "diff")
	case "vfs":
		return filepath.Join(s.place.GraphRoot, "vfs", "dir", layer)
	}
	return ""
}
