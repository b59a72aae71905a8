package unpack

import (
	"fmt"
	"path"
	"strings"

	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// tree is the files of the model, each path once.
type tree struct {
	files []packaging.BuildFile
	place map[string]int    // of each path in files
	from  map[string]string // what each path comes from, for errors
	roots map[string]bool   // first elements of the paths, folded
}

func newTree() *tree {
	return &tree{place: map[string]int{}, from: map[string]string{}, roots: map[string]bool{}}
}

// add puts a file at a clean path, unless the same content is there already.
func (t *tree) add(f packaging.BuildFile, from string) error {
	if i, taken := t.place[f.Path]; taken {
		if t.files[i].Digest != f.Digest {
			return fmt.Errorf("%w: %.300q is in %s too, with different content", packaging.ErrUnsafePath, f.Path, t.from[f.Path])
		}
		return nil
	}
	t.put(f, from)
	return nil
}

func (t *tree) put(f packaging.BuildFile, from string) {
	root, _, _ := strings.Cut(f.Path, "/")
	t.place[f.Path], t.from[f.Path], t.roots[packaging.FoldPath(root)] = len(t.files), from, true
	t.files = append(t.files, f)
}

// addLayer adds a layer that is a file itself.
func (t *tree) addLayer(f *packaging.File) error {
	err := t.add(packaging.BuildFile{Path: f.Path, Digest: f.Digest, Size: f.Size, Role: f.Role}, label(f))
	if err != nil {
		return fmt.Errorf("%s: %w", label(f), err)
	}
	return nil
}

// addEntry adds a file of an archive.
func (t *tree) addEntry(f *packaging.File, name string, m *member) error {
	clean, err := packaging.CleanPath(name) // it may have become too long
	if err != nil {
		return fmt.Errorf("entry %.300q: %w", m.name, err)
	}
	role := f.EntryRole(clean)
	if extension := weightsExtension(m.head, m.size); role == packaging.Other && extension != "" {
		role = packaging.Weights
	}
	err = t.add(packaging.BuildFile{Path: clean, Digest: m.digest, Size: m.size, Role: role}, label(f))
	if err != nil {
		return fmt.Errorf("entry %.300q: %w", m.name, err)
	}
	return nil
}

// addNameless adds a layer whose name was made up, numbered if the name is taken: model.gguf, model_2.gguf.
func (t *tree) addNameless(f *packaging.File) {
	name, ext := f.Path, path.Ext(f.Path)
	for n := 2; t.roots[packaging.FoldPath(name)]; n++ {
		if i, file := t.place[name]; file && t.files[i].Digest == f.Digest {
			return
		}
		name = fmt.Sprintf("%s_%d%s", strings.TrimSuffix(f.Path, ext), n, ext)
	}
	t.put(packaging.BuildFile{Path: name, Digest: f.Digest, Size: f.Size, Role: f.Role}, label(f))
}

// check refuses a file at the place of another's folder.
func (t *tree) check() error {
	paths := make([]string, len(t.files))
	for i := range t.files {
		paths[i] = t.files[i].Path
	}
	outer, inner, clash := packaging.PathClash(paths)
	if !clash {
		return nil
	}
	if packaging.FoldPath(outer) == packaging.FoldPath(inner) {
		return fmt.Errorf("unpacking %s: entry %.300q: %w: only capitals tell it from %.300q, a file of %s",
			t.from[inner], inner, packaging.ErrUnsafePath, outer, t.from[outer])
	}
	return fmt.Errorf("unpacking %s: entry %.300q: %w: it lies in %.300q, which is a file of %s",
		t.from[inner], inner, packaging.ErrUnsafePath, outer, t.from[outer])
}
