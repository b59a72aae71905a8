package imagetree

import (
	"archive/tar"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// The marks by which a layer removes what layers below it have (image-spec, layer.md).
const (
	whiteout = ".wh."
	opaque   = ".wh..wh..opq"
)

// root is packaging.ImageRoot as it is in a tar.
const root = "models"

// Node is one file of an image.
type Node struct {
	// Kind is a tar type: tar.TypeReg, tar.TypeDir, tar.TypeSymlink, or one that no model has; 0 if there is no such file.
	Kind byte
	// Link is where a symbolic link leads, as it was written.
	Link string
	// Digest is what Add was given for a regular file, and Size that of its content in bytes.
	Digest digest.Digest
	Size   int64
	// Layer is the digest of the layer that has it.
	Layer digest.Digest
}

// Layer is what one layer does to the folder of the models.
type Layer struct {
	digest  digest.Digest
	nodes   map[string]Node // by path without a leading slash
	removes []string        // paths that lower layers have and this one takes away, with all below them
	clears  []string        // folders of which it takes away all that lower layers have in them
}

// NewLayer returns a layer without entries.
func NewLayer(d digest.Digest) *Layer { return &Layer{digest: d, nodes: map[string]Node{}} }

// Clean reads a name as storage libraries do when they unpack a layer: relative to the root.
func Clean(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

func inside(p string) bool { return p == root || strings.HasPrefix(p, root+"/") }

// Concerns says whether an entry is one of the folder of the models.
func Concerns(h *tar.Header) bool { return inside(Clean(h.Name)) }

// PathOf is the path of an entry of the folder of the models, as Tree.Resolve returns it; false for any other entry.
func PathOf(h *tar.Header) (string, bool) { return Clean(h.Name), Concerns(h) }

// Add takes in one entry; d is the digest by which the content of a regular file is known. The lower layers are those that a
// hard link may lead to. What no honest tool writes is refused with an error that wraps packaging.ErrUnsafePath: a path that
// leads up, though storage libraries keep it in, and a hard link to what is no file of the model.
func (l *Layer) Add(h *tar.Header, d digest.Digest, lower *Tree) error {
	for _, p := range []string{h.Name, h.Linkname} {
		if h.Typeflag != tar.TypeSymlink && strings.Contains(p, "..") && slices.Contains(strings.Split(p, "/"), "..") {
			return fmt.Errorf("%w: %.300q has a \"..\" element", packaging.ErrUnsafePath, p)
		}
	}
	name := Clean(h.Name)
	dir, base := path.Dir(name), path.Base(name)
	switch {
	case base == opaque:
		if inside(dir) {
			l.clears = append(l.clears, dir)
		} else if dir == "." {
			l.removes = append(l.removes, root)
		}
		return nil
	case strings.HasPrefix(base, whiteout):
		if gone := path.Join(dir, strings.TrimPrefix(base, whiteout)); inside(gone) {
			l.removes = append(l.removes, gone)
		}
		return nil
	case !inside(name):
		return nil
	}
	n := Node{Kind: h.Typeflag, Size: h.Size, Link: h.Linkname, Digest: d, Layer: l.digest}
	if h.Typeflag == tar.TypeGNUSparse {
		n.Kind = tar.TypeReg
	}
	if h.Typeflag == tar.TypeLink {
		to := Clean(h.Linkname)
		other, ok := l.nodes[to]
		if !ok {
			other, ok = lower.nodes[to]
		}
		if !ok || other.Kind != tar.TypeReg {
			return fmt.Errorf("%w: %.300q is a hard link to %.300q, which is no file below %s",
				packaging.ErrUnsafePath, h.Name, h.Linkname, packaging.ImageRoot)
		}
		n = other
	}
	l.nodes[name] = n
	return nil
}
