package imagestore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/vbatts/tar-split/tar/storage"
)

// maxHeaders bounds what is read of a layer's list of files, in bytes of the list: a layer of a million files has less.
const maxHeaders = 1 << 30

// headers reads the tar of a layer from its tar-split file: all but the contents of files, which read as zeros and are
// skipped in no time. The headers in it are the publisher's own, so that no file of the layer is looked at.
type headers struct {
	entries *json.Decoder
	data    []byte // of the segment that is being read
	zeros   int64  // of the file that is being read
	at      int64
}

func newHeaders(tarSplit io.Reader) *headers {
	return &headers{entries: json.NewDecoder(io.LimitReader(tarSplit, maxHeaders))}
}

// next loads the next piece that has any bytes.
func (h *headers) next() error {
	for len(h.data) == 0 && h.zeros == 0 {
		var e storage.Entry
		if err := h.entries.Decode(&e); errors.Is(err, io.EOF) {
			return io.EOF
		} else if err != nil {
			return fmt.Errorf("reading the list of files: %w", err)
		}
		switch {
		case e.Type == storage.SegmentType:
			h.data = e.Payload
		case e.Size < 0:
			return fmt.Errorf("reading the list of files: size %d", e.Size)
		default:
			h.zeros = e.Size
		}
	}
	return nil
}

// Read implements io.Reader.
func (h *headers) Read(p []byte) (int, error) {
	if err := h.next(); err != nil {
		return 0, err
	}
	if h.zeros > 0 {
		n := min(int64(len(p)), h.zeros)
		clear(p[:n])
		h.zeros, h.at = h.zeros-n, h.at+n
		return int(n), nil
	}
	n := copy(p, h.data)
	h.data, h.at = h.data[n:], h.at+int64(n)
	return n, nil
}

// Seek implements io.Seeker as far as archive/tar needs it: forward from here.
func (h *headers) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekCurrent || offset < 0 {
		return 0, errors.ErrUnsupported
	}
	for offset > 0 {
		if err := h.next(); err != nil {
			return 0, err
		}
		zeros := min(offset, h.zeros)
		data := min(offset-zeros, int64(len(h.data)))
		h.zeros, h.data = h.zeros-zeros, h.data[data:]
		h.at, offset = h.at+zeros+data, offset-zeros-data
	}
	return h.at, nil
}
