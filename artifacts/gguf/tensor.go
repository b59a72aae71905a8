package gguf

import "fmt"

// tally is what is kept of the tensors.
type tally struct {
	count, parameters int64
	bytes             int64            // of the tensors whose type is known
	byType            map[string]int64 // the same by the name of the type
	end               int64            // of the last tensor, from the start of the data
}

// tensors reads n descriptions of tensors and adds them up.
func (d *decoder) tensors(n uint64) tally {
	t := tally{count: int64(n), byType: map[string]int64{}}
	d.expect(n, d.lengthSize()+16, "tensors") // a name of no length, no dimensions, type and offset
	for i := uint64(0); i < n && d.err == nil; i++ {
		d.skipText()
		elements, row := d.dims()
		number, offset := d.u32(), d.u64()
		if d.err == nil {
			d.err = t.add(elements, row, number, offset)
		}
		if d.err != nil {
			d.err = fmt.Errorf("reading tensor %d: %w", i, d.err)
		}
	}
	return t
}

// dims reads the dimensions of a tensor and returns the number of its elements and the length of a row.
func (d *decoder) dims() (elements, row uint64) {
	n := d.u32()
	if n > maxDims {
		d.fail(fmt.Errorf("it has %d dimensions, more than %d", n, maxDims))
		return 0, 0
	}
	elements, row = 1, 1
	for i := range n {
		dim := d.length()
		if i == 0 {
			row = dim
		}
		var ok bool
		if elements, ok = mul(elements, dim); !ok {
			d.fail(fmt.Errorf("the product of its dimensions is too large"))
		}
	}
	return elements, row
}

// add counts a tensor in. One of an unknown type has an unknown length, and counts as ending where it begins.
func (t *tally) add(elements, row uint64, number uint32, offset uint64) error {
	var size uint64
	known, ok := tensorTypeOf(number)
	if ok {
		if row%known.block != 0 {
			return fmt.Errorf("its rows of %d elements are not whole blocks of %s", row, known.name)
		}
		if size, ok = mul(elements/known.block, known.bytes); !ok {
			return fmt.Errorf("its %d elements of %s take too many bytes", elements, known.name)
		}
	}
	var fits [3]bool
	var end int64
	t.parameters, fits[0] = add(t.parameters, elements)
	t.bytes, fits[1] = add(t.bytes, size)
	if end, fits[2] = add(int64(min(size, 1<<62)), offset); fits != [3]bool{true, true, true} {
		return fmt.Errorf("its %d elements at offset %d are more than can be counted", elements, offset)
	}
	t.end = max(t.end, end)
	if known.name != "" {
		t.byType[known.name] += int64(size)
	}
	return nil
}
