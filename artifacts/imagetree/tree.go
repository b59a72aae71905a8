package imagetree

import (
	"archive/tar"
	"fmt"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// pointerFile is the link by which RamaLama's images name their model.
const pointerFile = "model.file"

// Tree is the folder of the models as a container sees it.
type Tree struct{ nodes map[string]Node }

// NewTree returns the tree of an image without layers.
func NewTree() *Tree { return &Tree{nodes: map[string]Node{}} }

// Apply puts a layer over those that were applied before.
func (t *Tree) Apply(l *Layer) {
	for _, gone := range l.removes {
		t.removeBelow(gone)
		delete(t.nodes, gone)
	}
	for _, dir := range l.clears {
		t.removeBelow(dir)
	}
	for p, n := range l.nodes {
		if old, there := t.nodes[p]; there && old.Kind == tar.TypeDir && n.Kind != tar.TypeDir {
			t.removeBelow(p)
		}
	}
	maps.Copy(t.nodes, l.nodes)
}

// All yields every file of the folder, the folder itself and those in it, by its path without a leading slash; in no order.
func (t *Tree) All() iter.Seq2[string, Node] { return maps.All(t.nodes) }

func (t *Tree) removeBelow(dir string) {
	for p := range t.nodes {
		if strings.HasPrefix(p, dir+"/") {
			delete(t.nodes, p)
		}
	}
}

// Files returns the files of the model, sorted by path, with the digests that Layer.Add was given, and where the link model.file
// leads, for packaging.ImageModel; paths are relative to packaging.ImageRoot. What no mount of that folder shows is refused
// with an error that wraps packaging.ErrUnsafePath and names the layer: links that lead out of it, and what is neither file,
// folder nor link.
func (t *Tree) Files() (files []packaging.File, pointer string, err error) {
	for _, p := range slices.Sorted(maps.Keys(t.nodes)) {
		n := t.nodes[p]
		rel := strings.TrimPrefix(p, root+"/")
		switch {
		case p == root && n.Kind != tar.TypeDir:
			return nil, "", fmt.Errorf("%w: layer %s: %s is no folder", packaging.ErrUnsafePath, n.Layer, packaging.ImageRoot)
		case n.Kind == tar.TypeDir:
			continue
		}
		to, target, err := t.follow(p)
		if err != nil {
			return nil, "", err
		}
		if rel == pointerFile && n.Kind == tar.TypeSymlink {
			pointer = strings.TrimPrefix(to, root+"/")
			continue
		}
		if target.Kind != tar.TypeReg {
			continue // a link to a folder, whose files are listed where they are, or to nothing
		}
		if n.Kind == tar.TypeSymlink && path.Dir(rel) == "." && strings.HasSuffix(rel, ".file") {
			continue // RamaLama's other pointers, such as mmproj.file
		}
		files = append(files, packaging.File{Path: rel, Digest: target.Digest, Size: target.Size})
	}
	return files, pointer, nil
}

// Resolve follows the links at a path that is relative to packaging.ImageRoot, and returns where they end, as a path without a
// leading slash, and what is there: the zero node if nothing is. What Files refuses is refused.
func (t *Tree) Resolve(p string) (string, Node, error) { return t.follow(root + path.Clean("/"+p)) }

// follow follows links, as a container does that has the image's root: an absolute one starts there.
func (t *Tree) follow(p string) (string, Node, error) {
	const maxLinks = 40 // as Linux
	refuse := func(n Node, why string) (string, Node, error) {
		return "", Node{}, fmt.Errorf("%w: layer %s: %.300q %s", packaging.ErrUnsafePath, n.Layer, "/"+p, why)
	}
	at := p
	for range maxLinks {
		next, link, ok := t.step(at)
		if !ok {
			switch n := t.nodes[at]; n.Kind {
			case 0, tar.TypeReg, tar.TypeDir:
				return at, n, nil
			default:
				return refuse(n, "is neither a file, a folder nor a link")
			}
		}
		if !inside(next) {
			return refuse(link, fmt.Sprintf("leads out of %s, to %.300q", packaging.ImageRoot, "/"+next))
		}
		at = next
	}
	return refuse(t.nodes[p], "is a chain of links without an end")
}

// step replaces the first link in a path by what it names. ok is false if there is none.
func (t *Tree) step(p string) (next string, link Node, ok bool) {
	parts := strings.Split(p, "/")
	for i := range parts {
		prefix := strings.Join(parts[:i+1], "/")
		n := t.nodes[prefix]
		if n.Kind != tar.TypeSymlink {
			continue
		}
		to := n.Link
		if !path.IsAbs(to) {
			to = "/" + path.Dir(prefix) + "/" + to
		}
		return strings.TrimPrefix(path.Join(path.Clean(to), strings.Join(parts[i+1:], "/")), "/"), n, true
	}
	return "", Node{}, false
}
