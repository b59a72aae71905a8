package safetensors

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Read reads the header of a file of size bytes, and checks that the tensors' data follow each other without a gap and
// end with the file.
//
// The error wraps ErrNotSafetensors for a file of another kind, and ErrTruncated if the file ends too early. If the
// header is whole and only tensor data are missing, the facts are returned together with the ErrTruncated error; with
// any other error they are nil. An error of r is wrapped as it is.
func Read(r io.ReaderAt, size int64) (*Facts, error) {
	b := bufio.NewReaderSize(io.NewSectionReader(r, 0, max(size, 0)), int(min(max(size, 16), readAhead)))
	n, err := headerLength(b, size)
	if err != nil {
		return nil, fmt.Errorf("reading a safetensors header: %w", err)
	}
	h := newHeader()
	if err := document(io.LimitReader(b, n), h.member); errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("reading a safetensors header: %w: its JSON ends too early", ErrTruncated)
	} else if err != nil {
		return nil, fmt.Errorf("reading a safetensors header: %w", err)
	}
	end, err := h.spans.close()
	if err != nil {
		return nil, fmt.Errorf("checking the tensors of a safetensors file: %w", err)
	}
	return h.checked(end, size-lengthBytes-n)
}

// checked compares the end of the tensors' data with the length of the data in the file.
func (h *header) checked(end, length int64) (*Facts, error) {
	f := h.sorted()
	switch {
	case end > length:
		return f, fmt.Errorf("checking the tensors of a safetensors file: %w: their data take %d bytes, the file has %d",
			ErrTruncated, end, length)
	case end < length:
		return nil, fmt.Errorf("checking the tensors of a safetensors file: %d bytes follow the last one", length-end)
	}
	return f, nil
}

// headerLength reads the length that a file begins with, and looks at what follows: a JSON object.
func headerLength(b *bufio.Reader, size int64) (int64, error) {
	head, err := b.Peek(int(min(max(size, 0), lengthBytes+1)))
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("reading the first bytes: %w", err)
	}
	if len(head) <= lengthBytes {
		return 0, fmt.Errorf("%w: it has %d bytes", ErrNotSafetensors, len(head))
	}
	n := binary.LittleEndian.Uint64(head)
	if n > maxHeader || head[lengthBytes] != '{' {
		return 0, fmt.Errorf("%w: no JSON object of at most %d bytes follows its first 8", ErrNotSafetensors, maxHeader)
	}
	if left := size - lengthBytes; int64(n) > left {
		return 0, fmt.Errorf("%w: the header takes %d bytes, %d are left", ErrTruncated, n, left)
	}
	if _, err := b.Discard(lengthBytes); err != nil {
		return 0, fmt.Errorf("reading the first bytes: %w", err)
	}
	return int64(n), nil
}
