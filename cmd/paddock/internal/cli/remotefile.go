package cli

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/paddock-dev/paddock/artifacts"
)

// Sizes of the reads from a file at its origin: the first, and the largest; and how much is kept of what was read in a row.
const (
	firstFetch = 64 << 10
	maxFetch   = 1 << 20
	maxKept    = 16 << 20
)

// remoteFile reads a blob at its origin as if it were here. What was read in a row is kept, and reads that follow one another
// grow, so that the header of a small file takes one request and that of a large one few.
type remoteFile struct {
	ctx  context.Context //nolint:containedctx // io.ReaderAt has no other way to have one
	blob *artifacts.Blob

	mu    sync.Mutex
	start int64 // of buf in the file
	buf   []byte
	next  int
}

var _ artifacts.ReadAtCloser = (*remoteFile)(nil)

func newRemoteFile(ctx context.Context, b *artifacts.Blob) *remoteFile {
	return &remoteFile{ctx: ctx, blob: b, next: firstFetch, buf: b.Data}
}

// ReadAt implements io.ReaderAt.
func (r *remoteFile) ReadAt(p []byte, off int64) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	done := 0
	for done < len(p) {
		at := off + int64(done)
		if at >= r.blob.Size {
			return done, io.EOF
		}
		if at < r.start || at >= r.start+int64(len(r.buf)) {
			if err := r.fetch(at, len(p)-done); err != nil {
				return done, err
			}
		}
		done += copy(p[done:], r.buf[at-r.start:])
	}
	return done, nil
}

// fetch reads from at on: what is wanted, or more if reads have followed one another.
func (r *remoteFile) fetch(at int64, wanted int) error {
	follows := at == r.start+int64(len(r.buf)) && at > 0
	if follows {
		r.next = min(2*r.next, maxFetch)
	}
	n := min(int64(max(wanted, r.next)), r.blob.Size-at)
	body, err := r.blob.Open(r.ctx, at, n)
	if errors.Is(err, artifacts.ErrNoRange) {
		n = min(maxKept, r.blob.Size-at)
		body, err = r.fromStart(at)
	}
	if err != nil {
		return err
	}
	buf := make([]byte, n)
	read, err := io.ReadFull(body, buf)
	_ = body.Close() // it was read as far as it is wanted
	if follows && len(r.buf)+read <= maxKept {
		r.buf = append(r.buf, buf[:read]...)
	} else {
		r.start, r.buf = at, buf[:read]
	}
	if read > 0 && errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return err
}

// fromStart opens a file of which no part can be had, and passes over what is before at. The rest of it is not read.
func (r *remoteFile) fromStart(at int64) (io.ReadCloser, error) {
	body, err := r.blob.Open(r.ctx, 0, -1)
	if err != nil {
		return nil, err
	}
	if _, err := io.CopyN(io.Discard, body, at); err != nil {
		return nil, errors.Join(err, body.Close())
	}
	return body, nil
}

// Close does nothing: no body is kept open.
func (r *remoteFile) Close() error { return nil }
