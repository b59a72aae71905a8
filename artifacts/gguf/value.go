package gguf

import (
	"fmt"
	"math"
)

// kind is the type of a metadata value (enum gguf_type in gguf.h).
type kind uint32

const (
	kindU8 kind = iota
	kindI8
	kindU16
	kindI16
	kindU32
	kindI32
	kindF32
	kindBool
	kindText
	kindArray
	kindU64
	kindI64
	kindF64
)

// width is the number of bytes of a value; 0 if they differ in length, or if there is no such kind.
func (k kind) width() int {
	switch k {
	case kindU8, kindI8, kindBool:
		return 1
	case kindU16, kindI16:
		return 2
	case kindU32, kindI32, kindF32:
		return 4
	case kindU64, kindI64, kindF64:
		return 8
	}
	return 0
}

// value is one metadata value that is kept.
type value struct {
	kind kind     // of an array with a list, that of its elements
	bits uint64   // of a number, widened; a signed one keeps its sign
	text string   // of a string
	len  uint64   // of an array
	list []uint64 // the bits of an array's numbers, if they are few; nil for anything else
}

// value reads a value to keep.
func (d *decoder) value(k kind) value {
	switch k {
	case kindText:
		return value{kind: k, text: d.text(maxText)}
	case kindArray:
		return d.array()
	}
	return d.number(k)
}

func (d *decoder) number(k kind) value {
	return value{kind: k, bits: d.bits(k)}
}

// bits reads a number or a truth value.
func (d *decoder) bits(k kind) uint64 {
	width := k.width()
	if width == 0 {
		d.fail(fmt.Errorf("unknown value type %d", k))
	}
	b := d.bytes(width)
	if d.err != nil {
		return 0
	}
	switch k {
	case kindI8:
		return uint64(int8(b[0]))
	case kindI16:
		return uint64(int16(d.bo.Uint16(b)))
	case kindI32:
		return uint64(int32(d.bo.Uint32(b)))
	case kindU8, kindBool:
		return uint64(b[0])
	case kindU16:
		return uint64(d.bo.Uint16(b))
	case kindU32, kindF32:
		return uint64(d.bo.Uint32(b))
	}
	return d.bo.Uint64(b)
}

// array reads the length of an array, and its elements if they are numbers and few enough to be one per layer.
func (d *decoder) array() value {
	k, n := kind(d.u32()), d.length()
	v := value{kind: kindArray, len: n}
	if k.width() == 0 || n > maxPerLayer {
		d.skipElements(k, n, 1)
		return v
	}
	d.expect(n, uint64(k.width()), "array elements")
	if d.err != nil {
		return v
	}
	v.kind, v.list = k, make([]uint64, n)
	for i := range v.list {
		v.list[i] = d.bits(k)
	}
	return v
}

// integer returns a number as a count that is not negative.
func (v value) integer() (int64, error) {
	if v.list != nil {
		return 0, fmt.Errorf("the value is an array of %d numbers, not one", v.len)
	}
	switch v.kind {
	case kindU8, kindU16, kindU32, kindU64, kindI8, kindI16, kindI32, kindI64:
		if v.bits > math.MaxInt64 {
			return 0, fmt.Errorf("the number is negative or too large")
		}
		return int64(v.bits), nil
	}
	return 0, fmt.Errorf("the value is of type %d, not an integer", v.kind)
}

// float returns any number.
func (v value) float() (float64, error) {
	if v.list != nil {
		return 0, fmt.Errorf("the value is an array of %d numbers, not one", v.len)
	}
	switch v.kind {
	case kindF32:
		return float64(math.Float32frombits(uint32(v.bits))), nil
	case kindF64:
		return math.Float64frombits(v.bits), nil
	}
	n, err := v.integer()
	return float64(n), err
}
