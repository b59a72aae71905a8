package gguf

import "fmt"

// skipValue passes over a value. depth counts the arrays around it.
func (d *decoder) skipValue(k kind, depth int) {
	switch {
	case k.width() > 0:
		d.skip(uint64(k.width()))
	case k == kindText:
		d.skipText()
	case k == kindArray:
		element := kind(d.u32())
		d.skipElements(element, d.length(), depth+1)
	default:
		d.fail(fmt.Errorf("unknown value type %d", k))
	}
}

// skipElements passes over the n elements of an array that is itself depth arrays deep, 1 for one that is in none.
func (d *decoder) skipElements(k kind, n uint64, depth int) {
	if depth > maxDepth {
		d.fail(fmt.Errorf("arrays are nested more than %d deep", maxDepth))
		return
	}
	if width := uint64(k.width()); width > 0 {
		d.expect(n, width, "array elements")
		d.skip(n * width)
		return
	}
	least := d.lengthSize() // of a string
	if k == kindArray {
		least += 4
	}
	d.expect(n, least, "array elements")
	for i := uint64(0); i < n && d.err == nil; i++ {
		d.skipValue(k, depth)
	}
}
