package source

import (
	"fmt"
	"net/http"
)

// Part is a piece of a blob that is to be read.
type Part struct {
	// Offset is where it starts and Length how long it is, both in bytes and never negative.
	Offset, Length int64
	// Size is the length of the whole blob in bytes.
	Size int64
	// Whole asks for the blob without a Range header, which also a server without ranges can answer.
	Whole bool
}

// NewPart makes a Part of what an artifacts.Opener is given: a length of -1 means all that is left. Offset 0 with
// length -1 is the whole blob. A part that does not lie in a blob of size bytes is an error.
func NewPart(offset, length, size int64) (Part, error) {
	if offset < 0 || offset > size || length < -1 || length > size-offset {
		return Part{}, fmt.Errorf("part at offset %d of length %d is not in a blob of %d bytes", offset, length, size)
	}
	p := Part{Offset: offset, Length: length, Size: size, Whole: offset == 0 && length == -1}
	if length == -1 {
		p.Length = size - offset
	}
	return p, nil
}

// empty says that there is nothing to ask a server for. An empty blob as a whole is asked for: it may be missing.
func (p Part) empty() bool { return p.Length == 0 && !p.Whole }

// String describes the part for an error.
func (p Part) String() string {
	if p.Whole {
		return fmt.Sprintf("all %d bytes", p.Size)
	}
	return fmt.Sprintf("bytes %d-%d/%d", p.Offset, p.Offset+p.Length-1, p.Size)
}

// SetHeader asks for the part, and for its bytes as they are: a compressed answer would not be the blob's bytes.
func (p Part) SetHeader(h http.Header) {
	h.Set("Accept-Encoding", "identity")
	if p.Whole {
		h.Del("Range")
		return
	}
	h.Set("Range", fmt.Sprintf("bytes=%d-%d", p.Offset, p.Offset+p.Length-1))
}
