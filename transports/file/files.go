package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/pack"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// modelFile is one file of a model.
type modelFile struct {
	name string // in the model
	path string // on this machine
	size int64  // bytes
	role packaging.Role
}

// files lists what the model consists of.
func (p *place) files() ([]modelFile, error) {
	if p.isDir {
		return p.folder()
	}
	names := packaging.ShardNames(filepath.Base(p.path))
	if names == nil {
		names = []string{filepath.Base(p.path)}
	}
	var found []modelFile
	for _, name := range names {
		f, err := single(filepath.Join(filepath.Dir(p.path), name), name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s, a part of %s: %w", name, p.base, artifacts.ErrNotFound)
		} else if err != nil {
			return nil, err
		}
		found = append(found, *f)
	}
	return found, nil
}

// single looks at one file of weights. One that is GGUF without the name is given it.
func single(at, name string) (*modelFile, error) {
	f := &modelFile{name: name, path: at}
	magic, err := f.look()
	if err != nil {
		return nil, err
	}
	named := isGGUF(name)
	switch {
	case magic == "GGUF" && !named:
		f.name += ".gguf"
	case magic != "GGUF" && (named || packaging.RoleByName(name) != packaging.Weights):
		return nil, fmt.Errorf("%s is no model: it is not GGUF", at)
	}
	return f, nil
}

func isGGUF(name string) bool { return strings.HasSuffix(strings.ToLower(name), ".gguf") }

// look reads the header of a regular file: its size, and its role, as pack.ReadHeader tells it; that of a kind which nobody here
// knows is by its name. A file that is cut is an error. It returns the first four bytes, and waits for no pipe.
func (m *modelFile) look() (magic string, err error) {
	f, err := os.OpenFile(m.path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return "", fmt.Errorf("reading a model: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", fmt.Errorf("reading a model: %w", err)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a regular file", m.path)
	}
	m.size = info.Size()
	first := make([]byte, 4)
	n, err := f.ReadAt(first, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("reading %s: %w", m.path, err)
	}
	h, err := pack.ReadHeader(m.name, f, m.size)
	if m.role = h.Role; errors.Is(err, artifacts.ErrVerification) {
		return "", fmt.Errorf("reading %s: %w", m.path, err)
	}
	return string(first[:n]), nil
}

// folder lists the files of a folder that a runtime needs, and the license and the model card. Hidden ones and the folder
// "original", in which publishers keep the weights once more, are left out; so are weights in other formats beside
// safetensors. Links are followed inside the folder only; a pipe or device where a model's file should be is an error.
func (p *place) folder() ([]modelFile, error) {
	root, err := os.OpenRoot(p.path)
	if err != nil {
		return nil, fmt.Errorf("reading a folder: %w", err)
	}
	defer root.Close()
	var all []modelFile
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".":
			return nil
		case strings.HasPrefix(d.Name(), ".") || d.IsDir() && d.Name() == "original":
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir() || !wanted(name):
			return nil
		}
		f, err := p.entry(root, name)
		if f != nil {
			all = append(all, *f)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading folder %s: %w", p.path, err)
	}
	return p.choose(all)
}

// wanted says whether a file of that name may be of use.
func wanted(name string) bool {
	switch packaging.RoleByName(name) {
	case packaging.Weights:
		lower := strings.ToLower(name)
		return strings.HasSuffix(lower, ".gguf") || strings.HasSuffix(lower, ".safetensors")
	case packaging.Other, packaging.Dataset:
		return path.Base(name) == "tokenizer.model"
	}
	return true
}

// entry looks at one file of a folder; nil for a link to a folder.
func (p *place) entry(root *os.Root, name string) (*modelFile, error) {
	info, err := root.Stat(name) // which follows no link that leads outside
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, nil
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	real, err := filepath.EvalSymlinks(filepath.Join(p.path, filepath.FromSlash(name)))
	if err != nil {
		return nil, err
	}
	if inside, err := filepath.Rel(p.path, real); err != nil || !filepath.IsLocal(inside) {
		return nil, fmt.Errorf("%s leads out of the folder", name)
	}
	return &modelFile{name: name, path: real, size: info.Size(), role: packaging.RoleByName(name)}, nil
}

// choose keeps what one model needs: of a folder with GGUF files those, which must be one model, with templates and texts;
// of one with safetensors everything.
func (p *place) choose(all []modelFile) ([]modelFile, error) {
	tensors := slices.ContainsFunc(all, func(f modelFile) bool { return strings.HasSuffix(strings.ToLower(f.name), ".safetensors") })
	if tensors {
		all = slices.DeleteFunc(all, func(f modelFile) bool { return isGGUF(f.name) })
	}
	if err := p.look(all); err != nil || tensors {
		return all, err
	}
	models := map[string]bool{}
	chosen := slices.DeleteFunc(all, func(f modelFile) bool {
		switch f.role {
		case packaging.Weights:
			key := f.name
			if parts := packaging.ShardNames(f.name); parts != nil {
				key = parts[0]
			}
			models[key] = true
		case packaging.Projector, packaging.Adapter, packaging.Template, packaging.License, packaging.Doc:
		default:
			return true
		}
		return false
	})
	switch len(models) {
	case 0:
		return nil, fmt.Errorf("folder %s holds neither GGUF nor safetensors", p.path)
	case 1:
		return chosen, p.complete(chosen)
	}
	names := make([]string, 0, len(models))
	for name := range models {
		names = append(names, name)
	}
	slices.Sort(names)
	return nil, fmt.Errorf("folder %s holds %d models, name one of them: %s", p.path, len(names), strings.Join(names, ", "))
}

// look reads the headers of what may be weights: a GGUF file says itself whether it is a model, an adapter or a projector.
func (p *place) look(all []modelFile) error {
	for i := range all {
		switch f := &all[i]; {
		case isGGUF(f.name):
			magic, err := f.look()
			if err != nil {
				return err
			}
			if magic != "GGUF" {
				return fmt.Errorf("%s is no model: it is not GGUF", f.path)
			}
		case strings.HasSuffix(strings.ToLower(f.name), ".safetensors"):
			if _, err := f.look(); err != nil {
				return err
			}
		}
	}
	return nil
}

// complete checks that no part of a split model is missing.
func (p *place) complete(chosen []modelFile) error {
	have := map[string]bool{}
	for _, f := range chosen {
		have[f.name] = true
	}
	for _, f := range chosen {
		for _, part := range packaging.ShardNames(f.name) {
			if !have[part] {
				return fmt.Errorf("%s, a part of a split model in %s: %w", part, p.path, artifacts.ErrNotFound)
			}
		}
	}
	return nil
}
