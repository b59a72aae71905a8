package safetensors

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Facts are what the headers of a model's files say of it, and its config.json if that was read.
type Facts struct {
	Config
	// Parameters is the number of numbers in all tensors. A quantised model packs several weights in one, and has scales
	// besides.
	Parameters int64 `json:"parameters"`
	// Tensors is the number of tensors, Bytes what their data take.
	Tensors int64 `json:"tensors"`
	Bytes   int64 `json:"tensorBytes"`
	// DTypes are the number types in use, the one with the most bytes first.
	DTypes []DType `json:"dtypes,omitempty"`
	// Metadata is __metadata__ of the first file; nil if it has none. It is free text, often {"format":"pt"}.
	Metadata map[string]string `json:"metadata,omitempty"`
}

// DType is a number type and what is stored in it.
type DType struct {
	Name       string `json:"name"` // as in the header: BF16, F8_E4M3
	Parameters int64  `json:"parameters"`
	Bytes      int64  `json:"bytes"`
}

// Merge adds up the facts of the files of one model, in order. The configuration and the metadata are those of the first
// that has any. Index.Complete says whether the files are all there.
func Merge(files []*Facts) (*Facts, error) {
	if len(files) == 0 {
		return nil, errors.New("merging safetensors: there are no files")
	}
	h := newHeader()
	for _, f := range files {
		for _, d := range f.DTypes {
			if err := h.count(d); err != nil {
				return nil, fmt.Errorf("merging safetensors: %w", err)
			}
		}
		h.facts.Tensors += f.Tensors
		if h.facts.Metadata == nil {
			h.facts.Metadata = maps.Clone(f.Metadata)
		}
		if h.facts.isZero() {
			h.facts.Config = f.Config
		}
	}
	return h.sorted(), nil
}

func newHeader() *header { return &header{dtypes: map[string]*DType{}} }

// sorted returns the facts with the number types in order.
func (h *header) sorted() *Facts {
	for _, d := range h.dtypes {
		h.facts.DTypes = append(h.facts.DTypes, *d)
	}
	slices.SortFunc(h.facts.DTypes, func(a, b DType) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Name, b.Name))
	})
	return &h.facts
}
