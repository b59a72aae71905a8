package safetensors

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
)

// Index is model.safetensors.index.json: which files a model has.
type Index struct {
	// TotalSize is metadata.total_size in bytes; 0 if the index does not say. Writers count tied weights differently, so
	// it is no check.
	TotalSize int64
	// Tensors is how many tensors each file must hold at least. The names are local paths, beside the index.
	Tensors map[string]int64
}

// ReadIndex reads an index. A file name that would leave the model's folder is refused.
func ReadIndex(r io.Reader) (*Index, error) {
	x := &Index{Tensors: map[string]int64{}}
	limited := &io.LimitedReader{R: r, N: maxIndex + 1}
	err := document(limited, x.member)
	switch {
	case limited.N <= 0:
		return nil, fmt.Errorf("reading a safetensors index: it is longer than %d bytes", maxIndex)
	case err != nil:
		return nil, fmt.Errorf("reading a safetensors index: %w", err)
	case len(x.Tensors) == 0:
		return nil, errors.New("reading a safetensors index: its weight_map is missing or empty")
	}
	return x, nil
}

// member takes in one member of the index. Those that are not known must be small.
func (x *Index) member(o *objects, key string) error {
	switch key {
	case "weight_map":
		return o.object(func(string) error { return x.tensor(o) })
	case "metadata":
		var m struct {
			Total number `json:"total_size"`
		}
		err := o.json.Decode(&m)
		x.TotalSize = int64(m.Total)
		return err
	}
	var rest json.RawMessage
	return o.json.Decode(&rest)
}

// tensor takes in one line of the weight map.
func (x *Index) tensor(o *objects) error {
	var file string
	if err := o.json.Decode(&file); err != nil {
		return err
	}
	if !filepath.IsLocal(file) {
		return fmt.Errorf("file %.80q is outside of the model", file)
	}
	if x.Tensors[file]++; len(x.Tensors) > maxFiles {
		return fmt.Errorf("there are more than %d files", maxFiles)
	}
	return nil
}

// Files returns the names of the files, sorted.
func (x *Index) Files() []string { return slices.Sorted(maps.Keys(x.Tensors)) }

// Complete checks that all files are there and hold as many tensors as the index lists. files are by name; nil facts
// stand for a file that is there and was not read. The error wraps ErrIncomplete and names the first file at fault.
func (x *Index) Complete(files map[string]*Facts) error {
	for _, name := range x.Files() {
		f, ok := files[name]
		if !ok {
			return fmt.Errorf("checking a safetensors index: %w: %s is missing", ErrIncomplete, name)
		}
		if f != nil && f.Tensors < x.Tensors[name] {
			return fmt.Errorf("checking a safetensors index: %w: %s has %d tensors, not %d",
				ErrIncomplete, name, f.Tensors, x.Tensors[name])
		}
	}
	return nil
}
