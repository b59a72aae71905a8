package synth

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/paddock-dev/paddock/artifacts"
)

// maxResumes is how often in a row a stream may break without a byte of progress.
const maxResumes = 3

// blobReader reads a blob from its start in one stream, and opens it again where a stream broke.
type blobReader struct {
	ctx  context.Context //nolint:containedctx // an io.Reader has no other way to have one
	blob *artifacts.Blob

	body   io.ReadCloser // nil if none is open
	offset int64         // of the next byte
	broken int           // streams that broke since the last byte
}

func (r *blobReader) Read(p []byte) (int, error) {
	for {
		if r.offset == r.blob.Size {
			return 0, io.EOF
		}
		n, err := r.read(p)
		r.offset += int64(n)
		if n > 0 {
			r.broken = 0
			return n, nil // an error comes back with the next call
		}
		if err == nil {
			continue
		}
		if r.broken++; r.ctx.Err() != nil || r.broken > maxResumes || final(err) {
			return 0, fmt.Errorf("reading blob %s from byte %d: %w", r.blob.Digest, r.offset, err)
		}
		r.drop()
	}
}

func (r *blobReader) read(p []byte) (int, error) {
	if r.body == nil {
		body, err := r.blob.Open(r.ctx, r.offset, -1)
		if err != nil {
			return 0, err
		}
		r.body = body
	}
	n, err := r.body.Read(p[:min(int64(len(p)), r.blob.Size-r.offset)])
	if err != nil {
		r.drop()
		if n == 0 && errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
	}
	return n, err
}

// final says whether another try would end the same way.
func final(err error) bool {
	for _, e := range []error{artifacts.ErrNotFound, artifacts.ErrAuthentication, artifacts.ErrPolicy, artifacts.ErrVerification, artifacts.ErrNoRange} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// drop closes the stream; what it says then is of no use, the bytes are counted.
func (r *blobReader) drop() {
	if r.body != nil {
		_ = r.body.Close()
		r.body = nil
	}
}

// Close ends the reading.
func (r *blobReader) Close() error {
	if r.body == nil {
		return nil
	}
	return r.body.Close()
}
