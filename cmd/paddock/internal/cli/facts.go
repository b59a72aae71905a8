package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/gguf"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/safetensors"
)

// facts are what the headers of a model's weights say.
type facts struct {
	gguf        *gguf.Facts
	safetensors *safetensors.Facts
}

// fileOpener opens one file of a model, and returns its size in bytes.
type fileOpener func(f *packaging.File) (artifacts.ReadAtCloser, int64, error)

// storedFiles opens the files of a model in a store; nil if they cannot be read in place.
func storedFiles(ctx context.Context, store artifacts.Store, m *artifacts.Model) fileOpener {
	reader, ok := store.(artifacts.Reader)
	if !ok {
		return nil
	}
	return func(f *packaging.File) (artifacts.ReadAtCloser, int64, error) { return reader.OpenFile(ctx, m, f) }
}

// readFacts reads the facts of the model's main file or folder, and of the shards that belong to it. nil if it has neither
// GGUF nor safetensors. Facts with an error are those of a file that is damaged further on.
func readFacts(p *packaging.Model, open fileOpener) (facts, error) {
	if open == nil {
		return facts{}, nil
	}
	if tensors := tensorFiles(p); len(tensors) > 0 {
		found, err := tensorFacts(p, tensors, open)
		return facts{safetensors: found}, err
	}
	found, err := ggufFacts(p, open)
	return facts{gguf: found}, err
}

func ggufFacts(p *packaging.Model, open fileOpener) (found *gguf.Facts, err error) {
	files := ggufFiles(p)
	if len(files) == 0 {
		return nil, nil
	}
	var parts []gguf.Part
	for _, f := range files {
		r, size, openErr := open(f)
		if openErr != nil {
			return nil, openErr
		}
		defer func() { err = errors.Join(err, r.Close()) }()
		parts = append(parts, gguf.Part{Name: f.Path, Reader: r, Size: size})
	}
	found, err = gguf.ReadAll(parts)
	if errors.Is(err, gguf.ErrNotGGUF) {
		return nil, nil
	}
	return found, err
}

// tensorFiles returns the safetensors of a model that is a folder of them.
func tensorFiles(p *packaging.Model) []*packaging.File {
	var files []*packaging.File
	for i := range p.Files {
		f := &p.Files[i]
		if f.Role == packaging.Weights && f.Encoding == packaging.Raw && path.Dir(f.Path) == p.Main && isTensors(f.Path) {
			files = append(files, f)
		}
	}
	return files
}

func isTensors(name string) bool { return strings.EqualFold(path.Ext(name), ".safetensors") }

func tensorFacts(p *packaging.Model, files []*packaging.File, open fileOpener) (*safetensors.Facts, error) {
	var all []*safetensors.Facts
	var damage error
	for _, f := range files {
		one, err := withFile(f, open, safetensors.Read)
		if one == nil {
			return nil, err
		}
		damage = errors.Join(damage, err)
		all = append(all, one)
	}
	merged, err := safetensors.Merge(all)
	if err != nil {
		return nil, err
	}
	for i := range p.Files {
		if f := &p.Files[i]; f.Path == path.Join(p.Main, "config.json") && f.Encoding == packaging.Raw {
			config, err := withFile(f, open, func(r io.ReaderAt, size int64) (*safetensors.Config, error) {
				return safetensors.ReadConfig(io.NewSectionReader(r, 0, size))
			})
			if err != nil {
				return merged, errors.Join(damage, err)
			}
			merged.Config = *config
		}
	}
	return merged, damage
}

// withFile reads one file.
func withFile[T any](f *packaging.File, open fileOpener, read func(io.ReaderAt, int64) (*T, error)) (_ *T, err error) {
	r, size, err := open(f)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	found, err := read(r, size)
	if err != nil {
		err = fmt.Errorf("reading %s: %w", f.Path, err)
	}
	return found, err
}

// ggufFiles returns the main file and its other shards; none if the main file is not raw GGUF by name.
func ggufFiles(p *packaging.Model) []*packaging.File {
	var main *packaging.File
	for i := range p.Files {
		if p.Files[i].Path == p.Main {
			main = &p.Files[i]
		}
	}
	switch {
	case main == nil || main.Encoding != packaging.Raw:
		return nil
	case main.Shards == 0 && isTensors(main.Path):
		return nil
	case main.Shards == 0:
		return []*packaging.File{main}
	}
	var shards []*packaging.File
	for i := range p.Files {
		if f := &p.Files[i]; f.Shards == main.Shards && shardPrefix(f) == shardPrefix(main) {
			shards = append(shards, f)
		}
	}
	return shards
}

// shardPrefix is what the shards of one model have in common: the path up to "-00001-of-00003.gguf".
func shardPrefix(f *packaging.File) string {
	return strings.TrimSuffix(f.Path, fmt.Sprintf("-%05d-of-%05d%s", f.Shard, f.Shards, path.Ext(f.Path)))
}
