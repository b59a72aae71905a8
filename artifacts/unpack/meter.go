package unpack

import (
	"context"
	"errors"
	"hash"
	"io"

	"github.com/opencontainers/go-digest"
)

// meter counts and hashes what is read, up to a limit in bytes, until its context ends.
type meter struct {
	ctx    context.Context //nolint:containedctx // lives for one call
	r      io.Reader
	hash   hash.Hash // nil: not wanted
	algo   digest.Algorithm
	n      int64
	limit  int64
	beyond error // what more bytes than limit are
	err    error // why reading stopped, other than at the end
}

func newMeter(ctx context.Context, r io.Reader, algorithm digest.Algorithm, limit int64) *meter {
	m := &meter{ctx: ctx, r: r, algo: algorithm, limit: limit}
	if algorithm != "" {
		m.hash = algorithm.Hash()
	}
	return m
}

// Read implements io.Reader.
func (m *meter) Read(p []byte) (int, error) {
	if m.err == nil {
		m.err = m.ctx.Err()
	}
	if m.err != nil {
		return 0, m.err
	}
	n, err := m.r.Read(p)
	if m.hash != nil {
		m.hash.Write(p[:n])
	}
	m.n += int64(n)
	if m.n > m.limit {
		err = m.beyond
	}
	if err != nil && !errors.Is(err, io.EOF) {
		m.err = err
	}
	return n, err
}

func (m *meter) digest() digest.Digest { return digest.NewDigest(m.algo, m.hash) }
