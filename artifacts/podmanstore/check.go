package podmanstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
)

// Check looks at the manifest and every blob of a model, and of what was unpacked from it: see artifacts.Checker. It takes
// no lock, so that verifying 40 GB blocks nobody.
func (s *Store) Check(ctx context.Context, m *artifacts.Model, verify bool) ([]artifacts.Damage, error) {
	damaged, err := s.checkOne(ctx, m, verify)
	if err != nil {
		return nil, err
	}
	more, err := s.checkDerived(ctx, m, verify)
	return withDerived(damaged, more), err
}

func (s *Store) checkOne(ctx context.Context, m *artifacts.Model, verify bool) ([]artifacts.Damage, error) {
	var damaged []artifacts.Damage
	raw, err := s.readManifest(m.Digest)
	if err != nil {
		d, err := s.manifestDamage(m, err)
		if err != nil {
			return nil, fmt.Errorf("checking %s: %w", orUnnamed(m.Name), err)
		}
		damaged = append(damaged, *d)
		raw = m.Manifest
	}
	if raw == nil {
		return damaged, nil // what else there should be is not known
	}
	refs, err := parseRefs(raw)
	if err != nil {
		return nil, fmt.Errorf("checking %s: parsing manifest %s: %w", orUnnamed(m.Name), m.Digest, err)
	}
	for _, b := range refs.blobs {
		d, err := s.checkBlob(ctx, b, verify)
		if err != nil {
			return nil, fmt.Errorf("checking %s: %w", orUnnamed(m.Name), err)
		}
		if d != nil {
			damaged = append(damaged, *d)
		}
	}
	return damaged, nil
}

func (s *Store) manifestDamage(m *artifacts.Model, err error) (*artifacts.Damage, error) {
	d := &artifacts.Damage{Digest: m.Digest, Size: int64(len(m.Manifest))}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.Problem = problemMissing
	case errors.Is(err, errCorrupt):
		d.Problem = problemBytes
		path, err := s.blobPath(m.Digest)
		if err != nil {
			return nil, err
		}
		if d.Found, err = os.Stat(path); err != nil {
			return nil, err
		}
	default:
		return nil, err
	}
	return d, nil
}

const (
	problemMissing = "missing"
	problemBytes   = "has other bytes"
)

// checkBlob returns what is wrong with a blob; nil if nothing is.
func (s *Store) checkBlob(ctx context.Context, b blobRef, verify bool) (*artifacts.Damage, error) {
	state, info, err := s.statBlob(b.Digest, b.Size)
	if err != nil {
		return nil, err
	}
	d := &artifacts.Damage{Digest: b.Digest, Size: b.Size, Found: info}
	switch {
	case state == blobMissing:
		d.Problem = problemMissing
		return d, nil
	case state == blobWrongSize:
		d.Problem = fmt.Sprintf("has %d of %d bytes", info.Size(), b.Size)
		return d, nil
	case !verify:
		return nil, nil
	}
	same, err := s.verifyBlob(ctx, b.Digest)
	if err != nil || same {
		return nil, err
	}
	d.Problem = problemBytes
	return d, nil
}

// verifyBlob reads a whole blob and compares it with its digest.
func (s *Store) verifyBlob(ctx context.Context, d digest.Digest) (same bool, err error) {
	path, err := s.blobPath(d)
	if err != nil {
		return false, err
	}
	f, err := os.Open(path)
	if err != nil {
		return false, fmt.Errorf("reading blob %s: %w", d, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	v := d.Verifier()
	if _, err := io.CopyBuffer(v, struct{ io.Reader }{&ctxReader{ctx, f}}, make([]byte, 1<<20)); err != nil {
		return false, fmt.Errorf("reading blob %s: %w", d, err)
	}
	return v.Verified(), nil
}

// ctxReader ends a long read when its context ends.
type ctxReader struct {
	ctx context.Context //nolint:containedctx // lives for one call
	r   io.Reader
}

func (c *ctxReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// Discard moves damaged blobs out of the store: see artifacts.Checker. A file that is not the one that Check saw stays.
func (s *Store) Discard(ctx context.Context, damaged []artifacts.Damage) error {
	if _, err := os.Stat(s.root); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	lock, err := s.lockWrite(ctx, nil)
	if err != nil {
		return fmt.Errorf("discarding damaged blobs: %w", err)
	}
	err = s.discardDamaged(damaged)
	lock.release()
	return errors.Join(err, s.emptyTrash())
}

func (s *Store) discardDamaged(damaged []artifacts.Damage) error {
	var errs []error
	for i := range damaged {
		d := &damaged[i]
		path, err := s.blobPath(d.Digest)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if now, err := os.Stat(path); d.Found != nil && err == nil && unchanged(now, d.Found) {
			errs = append(errs, s.moveToTrash(path))
		}
	}
	return errors.Join(errs...)
}

func unchanged(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
