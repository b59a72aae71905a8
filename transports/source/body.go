package source

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/paddock-dev/paddock/artifacts"
)

// body passes on exactly the bytes of a part: it fails if the server stops early or does not stop.
type body struct {
	ctx    context.Context // of the request: tells a stall and a cancel from a broken connection
	cancel context.CancelCauseFunc
	raw    io.ReadCloser
	what   string // for errors
	left   int64  // bytes still to come
	err    error  // the end, once reached
}

func (b *body) Read(p []byte) (int, error) {
	if b.err != nil || len(p) == 0 {
		return 0, b.err
	}
	if b.left == 0 {
		b.err = b.finish()
		return 0, b.err
	}
	n, err := b.raw.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err != nil {
		b.err = b.end(err)
	}
	return n, b.err
}

// end translates the error of a Read.
func (b *body) end(err error) error {
	switch {
	case errors.Is(err, io.EOF) && b.left == 0:
		return io.EOF
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &artifacts.TemporaryError{Err: fmt.Errorf("reading %s: %d bytes are missing: %w", b.what, b.left, io.ErrUnexpectedEOF)}
	}
	return fmt.Errorf("reading %s: %w", b.what, NetError(b.ctx, err))
}

// finish looks for bytes behind the part. All that was wanted has come, so an error in looking is none.
func (b *body) finish() error {
	var one [1]byte
	if n, _ := b.raw.Read(one[:]); n > 0 {
		return fmt.Errorf("reading %s: %w: more bytes than announced", b.what, artifacts.ErrVerification)
	}
	return io.EOF
}

func (b *body) Close() error {
	err := b.raw.Close()
	b.cancel(nil)
	if err != nil {
		return fmt.Errorf("closing %s: %w", b.what, NetError(b.ctx, err))
	}
	return nil
}
