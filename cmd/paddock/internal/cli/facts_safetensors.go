package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/safetensors"
)

// The files beside the weights of a directory model that say more of it.
const (
	tensorsConfig = "config.json"
	tensorsIndex  = "model.safetensors.index.json"
)

// safetensorsFacts reads the facts of the safetensors files in the model's main folder, and of its config.json; nil if there
// are none, or there is nothing to read the files with. Facts with an error are those of a model of which a part is damaged
// or missing.
func safetensorsFacts(ctx context.Context, reader artifacts.Reader, m *artifacts.Model) (*safetensors.Facts, error) {
	if reader == nil {
		return nil, nil
	}
	t := tensorsFolder{ctx: ctx, reader: reader, model: m, weights: map[string]*safetensors.Facts{}}
	var all []*safetensors.Facts
	for i := range m.Packaging.Files {
		f := &m.Packaging.Files[i]
		inMain := path.Dir(f.Path) == m.Packaging.Main || f.Path == m.Packaging.Main
		if f.Role != packaging.Weights || f.Encoding != packaging.Raw || !inMain || !strings.EqualFold(path.Ext(f.Path), ".safetensors") {
			continue
		}
		facts, err := t.read(f)
		if facts != nil {
			all = append(all, facts)
		}
		t.weights[path.Base(f.Path)], t.err = facts, errors.Join(t.err, err)
	}
	if len(all) == 0 {
		return nil, t.err
	}
	facts, err := safetensors.Merge(all)
	if err != nil {
		return nil, errors.Join(t.err, err)
	}
	t.around(facts)
	return facts, t.err
}

// tensorsFolder is the main folder of a model while it is read.
type tensorsFolder struct {
	ctx     context.Context //nolint:containedctx // lives for one call
	reader  artifacts.Reader
	model   *artifacts.Model
	weights map[string]*safetensors.Facts // by base name; nil for one that cannot be read
	err     error
}

func (t *tensorsFolder) open(f *packaging.File, read func(r io.ReaderAt, size int64) error) (err error) {
	r, size, err := t.reader.OpenFile(t.ctx, t.model, f)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := read(r, size); err != nil {
		return fmt.Errorf("inspecting %s: %w", f.Path, err)
	}
	return nil
}

func (t *tensorsFolder) read(f *packaging.File) (facts *safetensors.Facts, err error) {
	err = t.open(f, func(r io.ReaderAt, size int64) (err error) {
		facts, err = safetensors.Read(r, size)
		return err
	})
	return facts, err
}

// around adds what the files beside the weights say.
func (t *tensorsFolder) around(facts *safetensors.Facts) {
	for i := range t.model.Packaging.Files {
		f := &t.model.Packaging.Files[i]
		if f.Encoding != packaging.Raw || path.Dir(f.Path) != t.model.Packaging.Main {
			continue
		}
		var err error
		switch path.Base(f.Path) {
		case tensorsConfig:
			err = t.open(f, func(r io.ReaderAt, size int64) error {
				config, err := safetensors.ReadConfig(io.NewSectionReader(r, 0, size))
				if err == nil {
					facts.Config = *config
				}
				return err
			})
		case tensorsIndex:
			err = t.open(f, func(r io.ReaderAt, size int64) error {
				index, err := safetensors.ReadIndex(io.NewSectionReader(r, 0, size))
				if err != nil {
					return err
				}
				return index.Complete(t.weights)
			})
		}
		t.err = errors.Join(t.err, err)
	}
}
