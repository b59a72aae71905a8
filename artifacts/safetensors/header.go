package safetensors

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
)

// header gathers what is kept of a file's header.
type header struct {
	facts  Facts
	dtypes map[string]*DType
	spans  coverage
}

// entry is one tensor as the header describes it.
type entry struct {
	DType   string  `json:"dtype"`
	Shape   []int64 `json:"shape"`
	Offsets []int64 `json:"data_offsets"`
}

// member takes in one member of the header: a tensor, or the metadata.
func (h *header) member(o *objects, key string) error {
	if key == "__metadata__" {
		if h.facts.Metadata != nil {
			return errors.New("it is there twice")
		}
		return o.value(&h.facts.Metadata, maxMetadata)
	}
	var e entry
	if err := o.json.Decode(&e); err != nil {
		return err
	}
	return h.tensor(e)
}

func (h *header) tensor(e entry) error {
	if e.DType == "" || e.Shape == nil || len(e.Offsets) != 2 {
		return errors.New("it lacks one of dtype, shape and two data_offsets")
	}
	s := span{e.Offsets[0], e.Offsets[1]}
	if s.begin < 0 || s.end < s.begin {
		return fmt.Errorf("its data are from %d to %d", s.begin, s.end)
	}
	n, err := elements(e.Shape)
	if err != nil {
		return err
	}
	if size := bitsOf(e.DType); size != 0 {
		hi, lo := bits.Mul64(uint64(n), uint64(size))
		if hi != 0 || lo%8 != 0 || lo/8 != uint64(s.end-s.begin) {
			return fmt.Errorf("%d numbers of %s do not take the %d bytes that it has", n, e.DType, s.end-s.begin)
		}
	}
	h.spans.add(s)
	h.facts.Tensors++
	return h.count(DType{e.DType, n, s.end - s.begin})
}

// count adds what is stored in a number type to the sums.
func (h *header) count(add DType) error {
	d := h.dtypes[add.Name]
	if d == nil {
		if len(h.dtypes) == maxDTypes {
			return fmt.Errorf("there are more than %d number types", maxDTypes)
		}
		d = &DType{Name: add.Name}
		h.dtypes[add.Name] = d
	}
	if add.Parameters > math.MaxInt64-h.facts.Parameters || add.Bytes > math.MaxInt64-h.facts.Bytes {
		return errors.New("there are more parameters than can be counted")
	}
	h.facts.Parameters += add.Parameters
	h.facts.Bytes += add.Bytes
	d.Parameters += add.Parameters
	d.Bytes += add.Bytes
	return nil
}

// elements multiplies the dimensions of a shape; 1 for a single number, which has none.
func elements(shape []int64) (int64, error) {
	if len(shape) > maxDims {
		return 0, fmt.Errorf("it has %d dimensions, more than %d", len(shape), maxDims)
	}
	n := uint64(1)
	for _, d := range shape {
		hi, lo := bits.Mul64(n, uint64(d))
		if d < 0 || hi != 0 || lo > math.MaxInt64 {
			return 0, fmt.Errorf("its shape %v is negative or too large", shape)
		}
		n = lo
	}
	return int64(n), nil
}
