package gguf

import (
	"encoding/binary"
	"fmt"
)

// decoder reads the numbers and strings of a header. After the first error it returns zeros, and err says why.
type decoder struct {
	w       *window
	bo      binary.ByteOrder
	version uint32
	err     error
}

// fail keeps the first error.
func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

func (d *decoder) u32() uint32 {
	b := d.bytes(4)
	if d.err != nil {
		return 0
	}
	return d.bo.Uint32(b)
}

func (d *decoder) u64() uint64 {
	b := d.bytes(8)
	if d.err != nil {
		return 0
	}
	return d.bo.Uint64(b)
}

// length reads a count or a length: 32 bits in version 1, 64 since.
func (d *decoder) length() uint64 {
	if d.version == 1 {
		return uint64(d.u32())
	}
	return d.u64()
}

// lengthSize is the number of bytes of a length.
func (d *decoder) lengthSize() uint64 {
	if d.version == 1 {
		return 4
	}
	return 8
}

func (d *decoder) bytes(n int) []byte {
	if d.err != nil {
		return nil
	}
	b, err := d.w.next(n)
	if err != nil {
		d.fail(err)
	}
	return b
}

func (d *decoder) skip(n uint64) {
	if d.err != nil {
		return
	}
	if err := d.w.skip(n); err != nil {
		d.fail(err)
	}
}

// expect fails if n items of at least size bytes each cannot be in the rest of the file.
func (d *decoder) expect(n, size uint64, what string) {
	if d.err != nil {
		return
	}
	total, ok := mul(n, size)
	if left := d.w.size - d.w.pos; !ok || total > uint64(left) {
		d.fail(fmt.Errorf("%w: %d %s announced, %d bytes are left", ErrTruncated, n, what, left))
		return
	}
	if err := d.w.need(total); err != nil {
		d.fail(fmt.Errorf("%d %s announced: %w", n, what, err))
	}
}

// text reads a string to keep. One longer than limit is an error.
func (d *decoder) text(limit uint64) string {
	n := d.length()
	d.expect(n, 1, "bytes of text")
	if n > limit {
		d.fail(fmt.Errorf("a string of %d bytes is longer than %d", n, limit))
	}
	return string(d.bytes(int(n)))
}

// skipText passes over a string.
func (d *decoder) skipText() { d.skip(d.length()) }
