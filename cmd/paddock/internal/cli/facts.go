package cli

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/gguf"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// ggufFacts reads the facts of the model's main file, and of the shards that belong to it. nil if it is no GGUF file, or
// there is nothing to read the files with. Facts with an error are those of a file that is damaged further on.
func ggufFacts(ctx context.Context, reader artifacts.Reader, m *artifacts.Model) (facts *gguf.Facts, err error) {
	files := ggufFiles(&m.Packaging)
	if reader == nil || len(files) == 0 {
		return nil, nil
	}
	var parts []gguf.Part
	for _, f := range files {
		r, size, openErr := reader.OpenFile(ctx, m, f)
		if openErr != nil {
			return nil, openErr
		}
		defer func() { err = errors.Join(err, r.Close()) }()
		parts = append(parts, gguf.Part{Name: f.Path, Reader: r, Size: size})
	}
	facts, err = gguf.ReadAll(parts)
	if errors.Is(err, gguf.ErrNotGGUF) {
		return nil, nil
	}
	return facts, err
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
	case main.Shards == 0 && strings.EqualFold(path.Ext(main.Path), ".safetensors"):
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
