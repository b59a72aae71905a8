package pack

import (
	"fmt"
	"os"
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
	r, err := os.Open(f.Source)
	if err != nil {
		return err
	}
	defer r.Close()
	h, err := ReadHeader(f.Path, r, f.Size)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	f.Role = h.Role
	if f.Role == packaging.Weights && h.GGUF != nil && d.facts.GGUF == nil {
		d.facts.GGUF = h.GGUF
	}
	if f.Role == packaging.Weights && h.Safetensors != nil {
		d.tensors = append(d.tensors, h.Safetensors)
	}
	if f.Path == "config.json" {
		if c, err := safetensors.ReadConfig(r); err == nil { // else it is some other config, which is none of ours
			d.config = *c
		}
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
