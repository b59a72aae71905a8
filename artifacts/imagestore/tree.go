package imagestore

import (
	"archive/tar"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// pointerFile is the link by which RamaLama's images name their model.
const pointerFile = "model.file"

// tree is the folder of the models as a container sees it: every layer applied.
type tree struct{ nodes map[string]node }

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
		_, err := os.Lstat(filepath.Join(dir, modelDir))
		if err == nil || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
			return err == nil, err
		}
		if err != nil && errors.Is(err, fs.ErrPermission) {
			return true, nil
		}
	}
	return false, nil
}

// tree applies the layers of an image to one another.
func (r *records) tree(chain []*layer) (*tree, error) {
	t := &tree{nodes: map[string]node{}}
	for _, l := range chain {
		lt, err := r.layerTree(l)
		if err != nil {
			return nil, err
		}
		lt.apply(t.nodes)
	}
	return t, nil
}

// layerTree reads what a layer does, once.
func (r *records) layerTree(l *layer) (*layerTree, error) {
	r.mu.Lock()
	lt := r.trees[l.ID]
	r.mu.Unlock()
	if lt != nil {
		return lt, nil
	}
	lt, err := r.store.readTree(l)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trees[l.ID] = lt
	return lt, nil
}

// files returns the files of the model, sorted by path, and where the link model.file leads; paths are relative to
// packaging.ImageRoot. What no mount of that folder shows is refused with an error that wraps packaging.ErrUnsafePath and
// names the layer: links that lead out of it, and what is neither file, folder nor link.
func (t *tree) files() (files []packaging.File, pointer string, err error) {
	for _, p := range slices.Sorted(maps.Keys(t.nodes)) {
		n := t.nodes[p]
		rel := strings.TrimPrefix(p, modelDir+"/")
		switch {
		case p == modelDir && n.kind != tar.TypeDir:
			return nil, "", fmt.Errorf("%w: layer %s: %s is no folder", packaging.ErrUnsafePath, n.from.blob(), packaging.ImageRoot)
		case n.kind == tar.TypeDir:
			continue
		}
		to, target, err := t.resolve(p)
		if err != nil {
			return nil, "", err
		}
		if rel == pointerFile && n.kind == tar.TypeSymlink {
			pointer = strings.TrimPrefix(to, modelDir+"/")
			continue
		}
		if target.kind != tar.TypeReg {
			continue // a link to a folder, whose files are listed where they are, or to nothing
		}
		if n.kind == tar.TypeSymlink && path.Dir(rel) == "." && strings.HasSuffix(rel, ".file") {
			continue // RamaLama's other pointers, such as mmproj.file
		}
		files = append(files, packaging.File{Path: rel, Digest: target.from.blob(), Size: target.size})
	}
	return files, pointer, nil
}

// resolve follows links, as a container does that has the image's root: an absolute one starts there. The node is the zero
// node if there is nothing at the end.
func (t *tree) resolve(p string) (string, node, error) {
	const maxLinks = 40 // as Linux
	origin := t.nodes[p]
	refuse := func(n node, why string) (string, node, error) {
		return "", node{}, fmt.Errorf("%w: layer %s: %.300q %s", packaging.ErrUnsafePath, n.from.blob(), "/"+p, why)
	}
	at := p
	for range maxLinks {
		next, link, ok := t.step(at)
		if !ok {
			n := t.nodes[at]
			switch n.kind {
			case 0, tar.TypeReg, tar.TypeDir:
				return at, n, nil
			}
			return refuse(n, "is neither a file, a folder nor a link")
		}
		if !inModelDir(next) {
			return refuse(link, fmt.Sprintf("leads out of %s, to %.300q", packaging.ImageRoot, "/"+next))
		}
		at = next
	}
	return refuse(origin, "is a chain of links without an end")
}

// step replaces the first link in a path by what it names. ok is false if there is none.
func (t *tree) step(p string) (next string, link node, ok bool) {
	parts := strings.Split(p, "/")
	for i := range parts {
		prefix := strings.Join(parts[:i+1], "/")
		n := t.nodes[prefix]
		if n.kind != tar.TypeSymlink {
			continue
		}
		to := n.link
		if !path.IsAbs(to) {
			to = "/" + path.Dir(prefix) + "/" + to
		}
		return strings.TrimPrefix(path.Join(path.Clean(to), strings.Join(parts[i+1:], "/")), "/"), n, true
	}
	return "", node{}, false
}
