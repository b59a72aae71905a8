package gguf

import (
	"errors"
	"fmt"
	"io"
)

// Sizes of the reads: the first, and the largest. Each read is twice the one before, so that the header of a large
// vocabulary takes four requests from a remote file and a small one a single request.
const (
	firstRead = 1 << 20
	maxRead   = 8 << 20
)

// window hands out the bytes of a file in order, reading ahead.
type window struct {
	r     io.ReaderAt
	size  int64  // of the file
	pos   int64  // in the file, of buf[0]
	buf   []byte // read and not yet handed out
	store []byte // what buf is a part of
	chunk int    // the next read
}

func newWindow(r io.ReaderAt, size int64) *window {
	return &window{r: r, size: size, chunk: firstRead}
}

// need says why n more bytes cannot be had, or nil.
func (w *window) need(n uint64) error {
	if left := uint64(w.size - w.pos); n > left {
		return fmt.Errorf("%w: %d bytes wanted at byte %d, %d are left", ErrTruncated, n, w.pos, left)
	}
	if n > maxHeader || w.pos+int64(n) > maxHeader {
		return fmt.Errorf("the header is longer than %d bytes", maxHeader)
	}
	return nil
}

// next returns the following n bytes, which stay valid until the next call.
func (w *window) next(n int) ([]byte, error) {
	if len(w.buf) < n {
		if err := w.need(uint64(n)); err != nil {
			return nil, err
		}
		if err := w.fill(n); err != nil {
			return nil, err
		}
	}
	b := w.buf[:n]
	w.buf = w.buf[n:]
	w.pos += int64(n)
	return b, nil
}

// skip passes over n bytes without reading those that are not here yet.
func (w *window) skip(n uint64) error {
	if err := w.need(n); err != nil {
		return err
	}
	w.buf = w.buf[min(n, uint64(len(w.buf))):]
	w.pos += int64(n)
	return nil
}

// fill reads until at least n bytes are in buf. need(n) has been checked.
func (w *window) fill(n int) error {
	have := len(w.buf)
	want := int(min(int64(max(n, w.chunk)), w.size-w.pos))
	if cap(w.store) < want {
		store := make([]byte, want)
		copy(store, w.buf)
		w.store = store
	} else {
		copy(w.store[:cap(w.store)], w.buf)
	}
	w.buf = w.store[:want]
	got, err := w.r.ReadAt(w.buf[have:], w.pos+int64(have))
	if got < want-have {
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%w: it ends at byte %d, %d were promised", ErrTruncated, w.pos+int64(have+got), w.size)
		}
		return fmt.Errorf("reading %d bytes at byte %d: %w", want-have, w.pos+int64(have), err)
	}
	w.chunk = min(2*w.chunk, maxRead)
	return nil
}
