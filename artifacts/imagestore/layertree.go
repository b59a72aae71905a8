package imagestore

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// The marks by which a layer removes what layers below it have (image-spec, layer.md).
const (
	whiteout = ".wh."
	opaque   = ".wh..wh..opq"
)

// maxFiles bounds the files of a model in one layer.
const maxFiles = 100_000

// node is one file in an image, by its path without a leading slash.
type node struct {
	kind byte // a tar type: tar.TypeReg, tar.TypeDir, tar.TypeSymlink, or one that no model has
	size int64
	link string // of a symbolic link
	from *layer // the layer that has it
}

// layerTree is what one layer does to the folder of the models.
type layerTree struct {
	nodes   map[string]node
	removes []string // paths that lower layers have and this one takes away, with all below them
	clears  []string // folders of which it takes away all that lower layers have in them
}

// modelDir is packaging.ImageRoot as it is in a tar.
const modelDir = "models"

func inModelDir(p string) bool { return p == modelDir || strings.HasPrefix(p, modelDir+"/") }

// readTree reads what a layer does to the folder of the models, from the list of its files.
func (s *Store) readTree(l *layer) (_ *layerTree, err error) {
	f, err := os.Open(s.layerDir(l.ID + ".tar-split.gz"))
	if err != nil {
		return nil, fmt.Errorf("layer %.12s: Podman has no list of its files: %w", l.ID, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("layer %.12s: the list of its files: %w", l.ID, err)
	}
	t, err := parseTree(tar.NewReader(newHeaders(z)), l)
	if err != nil {
		return nil, fmt.Errorf("layer %.12s (%s): %w", l.ID, l.blob(), err)
	}
	return t, nil
}

func parseTree(r *tar.Reader, l *layer) (*layerTree, error) {
	t := &layerTree{nodes: map[string]node{}}
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return t, nil
		} else if err != nil {
			return nil, err
		}
		if err := t.add(h, l); err != nil {
			return nil, err
		}
		if len(t.nodes) > maxFiles {
			return nil, fmt.Errorf("more than %d files below %s", maxFiles, packaging.ImageRoot)
		}
	}
}

// add takes in one entry. A name is read as the storage library does when it unpacks the layer: relative to the root. One that
// leads up is refused, though the library keeps it in: no honest tool writes it.
func (t *layerTree) add(h *tar.Header, l *layer) error {
	for _, p := range []string{h.Name, h.Linkname} {
		if h.Typeflag != tar.TypeSymlink && slices.Contains(strings.Split(p, "/"), "..") {
			return fmt.Errorf("%w: %.300q has a \"..\" element", packaging.ErrUnsafePath, p)
		}
	}
	name := strings.TrimPrefix(path.Clean("/"+h.Name), "/")
	dir, base := path.Dir(name), path.Base(name)
	switch {
	case base == opaque:
		if inModelDir(dir) {
			t.clears = append(t.clears, dir)
		}
		if dir == "." {
			t.removes = append(t.removes, modelDir)
		}
		return nil
	case strings.HasPrefix(base, whiteout):
		if gone := path.Join(dir, strings.TrimPrefix(base, whiteout)); inModelDir(gone) {
			t.removes = append(t.removes, gone)
		}
		return nil
	case !inModelDir(name):
		return nil
	}
	n := node{kind: h.Typeflag, size: h.Size, link: h.Linkname, from: l}
	if h.Typeflag == tar.TypeLink {
		to := strings.TrimPrefix(path.Clean("/"+h.Linkname), "/")
		other, ok := t.nodes[to]
		if !ok {
			return fmt.Errorf("%s is a hard link to %q, which is not below %s in the same layer", name, h.Linkname, packaging.ImageRoot)
		}
		n = other
	}
	t.nodes[name] = n
	return nil
}

// apply puts a layer over the nodes of those below it.
func (t *layerTree) apply(nodes map[string]node) {
	for _, gone := range t.removes {
		removeBelow(nodes, gone)
		delete(nodes, gone)
	}
	for _, dir := range t.clears {
		removeBelow(nodes, dir)
	}
	for p, n := range t.nodes {
		if old, there := nodes[p]; there && old.kind == tar.TypeDir && n.kind != tar.TypeDir {
			removeBelow(nodes, p)
		}
	}
	for p, n := range t.nodes {
		nodes[p] = n
	}
}

func removeBelow(nodes map[string]node, dir string) {
	for p := range nodes {
		if strings.HasPrefix(p, dir+"/") {
			delete(nodes, p)
		}
	}
}
