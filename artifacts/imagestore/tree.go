package imagestore

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts/imagetree"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// maxFiles bounds the files of a model in one layer.
const maxFiles = 100_000

// blob is the digest of the layer as the manifest has it; that of the unpacked layer if only that is known, as of an image
// that was built here.
func (l *layer) blob() digest.Digest {
	if l.Compressed != "" {
		return l.Compressed
	}
	return l.Diff
}

// mayHaveModels says whether a look at the folders of the layers is worth a look at their lists: no for nearly all images.
func (s *Store) mayHaveModels(chain []*layer) (bool, error) {
	if s.place.Driver == "vfs" && len(chain) > 0 {
		chain = chain[len(chain)-1:]
	}
	for _, l := range chain {
		dir := s.diffDir(l.ID)
		if dir == "" {
			return true, nil
		}
		switch _, err := os.Lstat(filepath.Join(dir, packaging.ImageRoot)); {
		case err == nil || errors.Is(err, fs.ErrPermission):
			return true, nil
		case !errors.Is(err, fs.ErrNotExist):
			return false, err
		}
	}
	return false, nil
}

// tree applies the layers of an image to one another. The files in it are known by the digests of their layers.
func (r *records) tree(chain []*layer) (*imagetree.Tree, error) {
	t := imagetree.NewTree()
	for _, l := range chain {
		effect, err := r.effect(l, t)
		if err != nil {
			return nil, err
		}
		t.Apply(effect)
	}
	return t, nil
}

// effect reads what a layer does to those below it, once: they are the same in every image.
func (r *records) effect(l *layer, lower *imagetree.Tree) (*imagetree.Layer, error) {
	r.mu.Lock()
	known := r.effects[l.ID]
	r.mu.Unlock()
	if known != nil {
		return known, nil
	}
	read, err := r.readEffect(l, lower)
	if err != nil {
		return nil, fmt.Errorf("layer %.12s (%s): %w", l.ID, l.blob(), err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.effects[l.ID] = read
	return read, nil
}

// readEffect reads the storage library's list of the layer's files.
func (r *records) readEffect(l *layer, lower *imagetree.Tree) (_ *imagetree.Layer, err error) {
	f, err := os.Open(r.store.layerDir(l.ID + ".tar-split.gz"))
	if err != nil {
		return nil, fmt.Errorf("opening the list of its files: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z, _ := r.unzip.Get().(*unzipper)
	if z == nil {
		z = &unzipper{buf: bufio.NewReader(nil)}
	}
	defer r.unzip.Put(z)
	z.buf.Reset(f)
	if err := z.Reset(z.buf); err != nil {
		return nil, fmt.Errorf("the list of its files: %w", err)
	}
	return parseEffect(tar.NewReader(newHeaders(z)), l, lower)
}

// unzipper is what it takes to read a gzip file: much more memory than most lists have.
type unzipper struct {
	gzip.Reader
	buf *bufio.Reader
}

func parseEffect(r *tar.Reader, l *layer, lower *imagetree.Tree) (*imagetree.Layer, error) {
	effect, files := imagetree.NewLayer(l.blob()), 0
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return effect, nil
		} else if err != nil {
			return nil, err
		}
		if imagetree.Concerns(h) {
			files++
		}
		if files > maxFiles {
			return nil, fmt.Errorf("more than %d files below %s", maxFiles, packaging.ImageRoot)
		}
		if err := effect.Add(h, l.blob(), lower); err != nil {
			return nil, err
		}
	}
}
