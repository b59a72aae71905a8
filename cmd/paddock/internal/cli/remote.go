package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
)

// planReader reads the files of a plan where they are published, as far as they are asked for. The bytes are not verified:
// they are good for an estimate, and for nothing else.
type planReader struct{ plan *artifacts.Plan }

// OpenFile implements artifacts.Reader.
func (p *planReader) OpenFile(ctx context.Context, _ *artifacts.Model, f *artifacts.File) (artifacts.ReadAtCloser, int64, error) {
	i := slices.IndexFunc(p.plan.Blobs, func(b artifacts.Blob) bool { return b.Digest == digest.Digest(f.Digest) })
	if i < 0 {
		return nil, 0, fmt.Errorf("reading %s of %s: its manifest has no such blob", f.Path, p.plan.Name)
	}
	return &remoteFile{ctx: ctx, blob: &p.plan.Blobs[i]}, p.plan.Blobs[i].Size, nil
}

// remoteBlock is how much is asked for at once: a header with a large vocabulary takes some megabytes.
const remoteBlock = 1 << 20

// remoteFile is a blob at its origin. It keeps the block that it read last.
type remoteFile struct {
	ctx   context.Context
	blob  *artifacts.Blob
	mu    sync.Mutex
	start int64
	block []byte
}

// ReadAt implements io.ReaderAt.
func (r *remoteFile) ReadAt(p []byte, off int64) (n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n < len(p) {
		at := off + int64(n)
		if at < 0 || at >= r.blob.Size {
			return n, io.EOF
		}
		if at < r.start || at >= r.start+int64(len(r.block)) {
			if err := r.fetch(at); err != nil {
				return n, err
			}
		}
		n += copy(p[n:], r.block[at-r.start:])
	}
	return n, nil
}

func (r *remoteFile) fetch(at int64) error {
	if r.blob.Data != nil {
		r.start, r.block = 0, r.blob.Data
		if at >= int64(len(r.block)) {
			return io.ErrUnexpectedEOF
		}
		return nil
	}
	body, err := r.blob.Open(r.ctx, at, min(remoteBlock, r.blob.Size-at))
	if err != nil {
		return err
	}
	block, err := io.ReadAll(io.LimitReader(body, remoteBlock))
	if closeErr := body.Close(); err == nil {
		err = closeErr
	}
	if err == nil && len(block) == 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	r.start, r.block = at, block
	return nil
}

// Close implements io.Closer.
func (r *remoteFile) Close() error { return nil }
