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
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// modelFile is one file of a model.
type modelFile struct {
	name string // in the model
	path string // on this machine
	size int64  // bytes
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
	magic, size, err := peek(at)
	if err != nil {
		return nil, err
	}
	named := strings.HasSuffix(strings.ToLower(name), ".gguf")
	switch {
	case magic == "GGUF" && !named:
		name += ".gguf"
	case magic != "GGUF" && (named || packaging.RoleByName(name) != packaging.Weights):
		return nil, fmt.Errorf("%s is no model: it is not GGUF", at)
	}
	return &modelFile{name: name, path: at, size: size}, nil
}

// peek returns the first four bytes of a regular file, and its size. It waits for no pipe.
func peek(at string) (magic string, size int64, err error) {
	f, err := os.OpenFile(at, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return "", 0, fmt.Errorf("reading a model: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", 0, fmt.Errorf("reading a model: %w", err)
	}
	if !info.Mode().IsRegular() {
		return "", 0, fmt.Errorf("%s is not a regular file", at)
	}
	first := make([]byte, 4)
	n, err := io.ReadFull(f, first)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", 0, fmt.Errorf("reading %s: %w", at, err)
	}
	return string(first[:n]), info.Size(), nil
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
	return &modelFile{name: name, path: real, size: info.Size()}, nil
}

// choose keeps what one model needs: of a folder with GGUF files those, which must be one model, with templates and texts;
// of one with safetensors everything.
func (p *place) choose(all []modelFile) ([]modelFile, error) {
	is := func(suffix string) func(modelFile) bool {
		return func(f modelFile) bool { return strings.HasSuffix(strings.ToLower(f.name), suffix) }
	}
	tensors := slices.ContainsFunc(all, is(".safetensors"))
	if tensors {
		return slices.DeleteFunc(all, is(".gguf")), nil
	}
	models := map[string]bool{}
	chosen := slices.DeleteFunc(all, func(f modelFile) bool {
		switch packaging.RoleByName(f.name) {
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

// complete checks that each GGUF file is one, and that no part of a split model is missing.
func (p *place) complete(chosen []modelFile) error {
	have := map[string]bool{}
	for _, f := range chosen {
		have[f.name] = true
	}
	for _, f := range chosen {
		if strings.HasSuffix(strings.ToLower(f.name), ".gguf") {
			if _, err := single(f.path, f.name); err != nil {
				return err
			}
		}
		for _, part := range packaging.ShardNames(f.name) {
			if !have[part] {
				return fmt.Errorf("%s, a part of a split model in %s: %w", part, p.path, artifacts.ErrNotFound)
			}
		}
	}
	return nil
}
