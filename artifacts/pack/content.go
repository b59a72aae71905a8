package pack

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/paddock-dev/paddock/artifacts/gguf"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/safetensors"
)

// Facts are what the files say of the model.
type Facts struct {
	// GGUF is of the first file, or set of shards, with a model's weights; nil if there is none.
	GGUF *gguf.Facts
	// Safetensors is of all files with weights; nil if there is none.
	Safetensors *safetensors.Facts
}

// Describe reads the headers of the files, and sets their roles. A file that is called GGUF or safetensors and is not, or is
// not whole, is refused: it was not downloaded to its end, or is a pointer to another.
func Describe(files []File) (*Facts, error) {
	d := &describing{facts: &Facts{}}
	for i := range files {
		if err := d.file(&files[i]); err != nil {
			return nil, fmt.Errorf("reading %s: %w", files[i].Source, err)
		}
	}
	if len(d.tensors) > 0 {
		merged, err := safetensors.Merge(d.tensors)
		if err != nil {
			return nil, err
		}
		merged.Config = d.config
		d.facts.Safetensors = merged
	}
	return d.facts, nil
}

type describing struct {
	facts   *Facts
	tensors []*safetensors.Facts
	config  safetensors.Config
}

func (d *describing) file(f *File) error {
	f.Role = packaging.RoleByName(f.Path)
	r, err := os.Open(f.Source)
	if err != nil {
		return err
	}
	defer r.Close()
	magic := make([]byte, 4)
	if n, err := r.ReadAt(magic, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	} else if magic = magic[:n]; string(magic) == "GGUF" {
		return d.gguf(f, r)
	}
	switch strings.ToLower(path.Ext(f.Path)) {
	case ".gguf":
		return fmt.Errorf("%w: it is no GGUF file, it begins with %q", ErrRefused, magic)
	case ".safetensors":
		facts, err := safetensors.Read(r, f.Size)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrRefused, err)
		}
		if f.Role == packaging.Weights {
			d.tensors = append(d.tensors, facts)
		}
	}
	if f.Path == "config.json" {
		if c, err := safetensors.ReadConfig(r); err == nil { // else it is some other config, which is none of ours
			d.config = *c
		}
	}
	return nil
}

// gguf tells from the header what kind of file it is (ggml/docs/gguf.md, general.type). The name decides only where the header
// says nothing.
func (d *describing) gguf(f *File, r io.ReaderAt) error {
	facts, err := gguf.Read(r, f.Size)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if end := fmt.Sprintf("-%05d-of-%05d.gguf", facts.Shard, facts.Shards); facts.Shards > 1 && !strings.HasSuffix(f.Path, end) {
		return fmt.Errorf("%w: it is shard %d of %d, and llama.cpp wants its name to end in %s", ErrRefused, facts.Shard, facts.Shards, end)
	}
	switch {
	case facts.Type == "mmproj" || facts.Architecture == "clip":
		f.Role = packaging.Projector
	case facts.Type == "adapter":
		f.Role = packaging.Adapter
	case facts.Type == "imatrix":
		f.Role = packaging.Other
	case facts.Type == "model" || f.Role != packaging.Projector && f.Role != packaging.Adapter:
		f.Role = packaging.Weights
	}
	if f.Role == packaging.Weights && d.facts.GGUF == nil {
		d.facts.GGUF = facts
	}
	return nil
}

// Meta fills in what the config of a manifest can say of the model, where the caller has not said it.
func (f *Facts) Meta(meta *packaging.BuildMeta) {
	set := func(dst *string, value string) {
		if *dst == "" {
			*dst = value
		}
	}
	switch {
	case f.GGUF != nil:
		set(&meta.Format, "gguf")
		set(&meta.Name, f.GGUF.Name)
		set(&meta.Family, f.GGUF.Architecture)
		set(&meta.Quantization, f.GGUF.Quantization)
		set(&meta.ParamSize, strings.ToLower(f.GGUF.SizeLabel))
		if len(meta.Licenses) == 0 && f.GGUF.License != "" {
			meta.Licenses = []string{f.GGUF.License}
		}
	case f.Safetensors != nil:
		set(&meta.Format, "safetensors")
		set(&meta.Family, f.Safetensors.ModelType)
		if len(f.Safetensors.DTypes) > 0 {
			set(&meta.Precision, strings.ToLower(f.Safetensors.DTypes[0].Name))
		}
	}
}
