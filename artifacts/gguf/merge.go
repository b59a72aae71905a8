package gguf

import (
	"errors"
	"fmt"
	"io"
)

// Part is one file of a model, to be read.
type Part struct {
	// Name is what errors call the file.
	Name   string
	Reader io.ReaderAt
	Size   int64 // bytes
}

// ReadAll reads the header of each part and merges them. Errors are as in Read, and those of Merge; all parts are read
// even if one is truncated.
func ReadAll(parts []Part) (*Facts, error) {
	all := make([]*Facts, 0, len(parts))
	var truncated []error
	for _, p := range parts {
		f, err := Read(p.Reader, p.Size)
		if err != nil {
			err = fmt.Errorf("inspecting %s: %w", p.Name, err)
		}
		if f == nil {
			return nil, err
		}
		truncated = append(truncated, err)
		all = append(all, f)
	}
	merged, err := Merge(all)
	if err != nil {
		return nil, err
	}
	return merged, errors.Join(truncated...)
}

// Merge makes the facts of a whole model of those of its shards, which may come in any order: metadata from the first
// shard, and the sums of parameters, tensors and bytes. It fails if a shard is missing, is there twice, or belongs to
// another model. One file that is not split is a whole model by itself.
func Merge(shards []*Facts) (*Facts, error) {
	if len(shards) == 0 {
		return nil, errors.New("merging shards: there are none")
	}
	if len(shards) == 1 && shards[0].Shards == 0 {
		whole := *shards[0]
		return &whole, nil
	}
	first, err := inOrder(shards)
	if err != nil {
		return nil, fmt.Errorf("merging %d shards: %w", len(shards), err)
	}
	whole := *first
	whole.Shard, whole.Parameters, whole.Tensors, whole.TensorBytes = 0, 0, 0, 0
	whole.bytesByType = map[string]int64{}
	for _, f := range shards {
		if !whole.count(f) {
			return nil, fmt.Errorf("merging %d shards: more parameters than can be counted", len(shards))
		}
	}
	if whole.splitTensors != 0 && whole.splitTensors != whole.Tensors {
		return nil, fmt.Errorf("merging %d shards: they have %d tensors, the model has %d", len(shards), whole.Tensors, whole.splitTensors)
	}
	whole.Quantization = whole.quantization()
	return &whole, nil
}

// inOrder returns the first shard if each is there exactly once.
func inOrder(shards []*Facts) (*Facts, error) {
	count := shards[0].Shards
	byNumber := map[int64]*Facts{}
	for _, f := range shards {
		switch {
		case f.Shards == 0:
			return nil, errors.New("one of the files is not split")
		case f.Shards != count:
			return nil, fmt.Errorf("one is of %d shards, another of %d", count, f.Shards)
		case byNumber[f.Shard] != nil:
			return nil, fmt.Errorf("shard %d is there twice", f.Shard)
		}
		byNumber[f.Shard] = f
	}
	for n := int64(1); n <= count; n++ {
		if byNumber[n] == nil {
			return nil, fmt.Errorf("shard %d of %d is missing", n, count)
		}
	}
	return byNumber[1], nil
}

// count adds the sums of a shard, and says whether they fit.
func (f *Facts) count(shard *Facts) bool {
	var fits [3]bool
	f.Parameters, fits[0] = add(f.Parameters, uint64(shard.Parameters))
	f.Tensors, fits[1] = add(f.Tensors, uint64(shard.Tensors))
	f.TensorBytes, fits[2] = add(f.TensorBytes, uint64(shard.TensorBytes))
	for name, n := range shard.bytesByType {
		f.bytesByType[name] += n
	}
	return fits == [3]bool{true, true, true}
}
