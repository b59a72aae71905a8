package gguf

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Read reads the header of a file of size bytes and checks that all tensor data are inside the file.
//
// The error wraps ErrNotGGUF for a file of another kind, and ErrTruncated if the file ends too early. If the header is
// whole and only tensor data are missing, the facts are returned together with the ErrTruncated error; with any other
// error they are nil. An error of r is wrapped as it is.
func Read(r io.ReaderAt, size int64) (*Facts, error) {
	f, missing, err := read(r, size)
	if err != nil {
		return nil, fmt.Errorf("reading a GGUF header: %w", err)
	}
	if missing != nil {
		return f, fmt.Errorf("checking the tensors of a GGUF file: %w", missing)
	}
	return f, nil
}

// read returns the facts, what is missing of the tensor data, and why there are no facts.
func read(r io.ReaderAt, size int64) (f *Facts, missing, err error) {
	if size < 0 {
		return nil, nil, fmt.Errorf("negative file size %d", size)
	}
	d := &decoder{w: newWindow(r, size)}
	if err := d.start(); err != nil {
		return nil, nil, err
	}
	tensors, pairs := d.length(), d.length()
	m := d.metadata(pairs)
	t := d.tensors(tensors)
	if d.err != nil {
		return nil, nil, d.err
	}
	f, err = m.facts()
	if err != nil {
		return nil, nil, err
	}
	f.Version, f.BigEndian = d.version, d.bo == binary.ByteOrder(binary.BigEndian)
	f.Tensors, f.Parameters, f.TensorBytes, f.bytesByType = t.count, t.parameters, t.bytes, t.byType
	f.Quantization = f.quantization()
	return f, t.missing(d.w.pos, f.Alignment, size), nil
}

// start reads the magic and the version, which tells the byte order: read in the wrong one, it has no low half.
func (d *decoder) start() error {
	magic := d.bytes(min(4, int(d.w.size)))
	if d.err != nil {
		return d.err
	}
	if string(magic) != "GGUF" {
		return fmt.Errorf("%w: it begins with %q", ErrNotGGUF, magic)
	}
	d.bo = binary.LittleEndian
	if b := d.bytes(4); d.err == nil {
		if d.version = d.bo.Uint32(b); d.version&0xffff == 0 {
			d.bo = binary.BigEndian
			d.version = d.bo.Uint32(b)
		}
	}
	if d.err == nil && (d.version < 1 || d.version > 3) {
		return fmt.Errorf("version %d of the format is not supported", d.version)
	}
	return d.err
}

// missing says what tensor data the file lacks, or nil. header is where the header ends.
func (t *tally) missing(header, alignment, size int64) error {
	if t.count == 0 {
		return nil
	}
	start := (header + alignment - 1) / alignment * alignment
	if t.end > size-start {
		return fmt.Errorf("%w: the data of its tensors are %d bytes from byte %d on, the file has %d bytes",
			ErrTruncated, t.end, start, size)
	}
	return nil
}

// quantization names the file type, or else the type with the most bytes. Of two with as many, the first by name.
func (f *Facts) quantization() string {
	if f.FileType != nil {
		if name := fileTypeName(*f.FileType); name != "" {
			return name
		}
	}
	best := ""
	for name, n := range f.bytesByType {
		if top := f.bytesByType[best]; best == "" || n > top || n == top && name < best {
			best = name
		}
	}
	return best
}
