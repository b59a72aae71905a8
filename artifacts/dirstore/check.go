package dirstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// Check looks at the manifest and every blob of a model: see artifacts.Checker. It takes no lock, so that verifying 40 GB
// blocks nobody.
func (s *Store) Check(ctx context.Context, m *artifacts.Model, verify bool) ([]artifacts.Damage, error) {
	l, err := s.layoutNamed(m.Name)
	if err != nil {
		return nil, fmt.Errorf("checking %s: %w", atrest.Label(m.Name), err)
	}
	damaged, err := atrest.Check(ctx, m, verify, func(d digest.Digest) (string, error) {
		if d == m.Digest {
			return l.file(manifestFile), nil
		}
		return l.blob(d)
	})
	if err != nil {
		return nil, err
	}
	more, err := s.checkUnpacked(ctx, m, &l, verify)
	return atrest.JoinDamages(damaged, more), err
}

// checkUnpacked is Check for the files that were unpacked from a model.
func (s *Store) checkUnpacked(ctx context.Context, m *artifacts.Model, l *layout, verify bool) ([]artifacts.Damage, error) {
	switch r := l.read(); {
	case r.err != nil || r.digest != m.Digest:
		return nil, nil //nolint:nilerr // the manifest is damaged, or no longer that of the name: nothing more can be said
	case r.unpacked != "":
		return atrest.Check(ctx, &artifacts.Model{Name: m.Name, Digest: r.unpacked}, verify, l.blob)
	case r.derivedErr != nil || s.derivable(&r):
		return []artifacts.Damage{{Digest: m.Digest, Size: int64(len(m.Manifest)), Problem: "is not unpacked"}}, nil
	}
	return nil, nil
}

// Discard takes damaged blobs out of every layout that has the same file: see artifacts.Checker. A file that is not the one
// that Check saw stays. So does a damaged manifest: Land reads it, and writes it anew.
func (s *Store) Discard(ctx context.Context, damaged []artifacts.Damage) error {
	if _, err := os.Stat(s.root); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	lock, err := s.lock.Write(ctx, nil)
	if err != nil {
		return fmt.Errorf("discarding damaged blobs: %w", err)
	}
	err = s.discard(damaged)
	lock.Release()
	if err = errors.Join(err, s.emptyTrash()); err != nil {
		return fmt.Errorf("discarding damaged blobs: %w", err)
	}
	return nil
}

func (s *Store) discard(damaged []artifacts.Damage) error {
	c, err := s.scan()
	if err != nil {
		return err
	}
	var errs []error
	for i := range damaged {
		d := &damaged[i]
		if d.Found == nil {
			continue
		}
		for j := range c.layouts {
			path, err := c.layouts[j].blob(d.Digest)
			if err != nil {
				errs = append(errs, err)
				break
			}
			if now, err := os.Stat(path); err == nil && atrest.Unchanged(now, d.Found) {
				errs = append(errs, s.moveToTrash(path))
			}
		}
	}
	return errors.Join(errs...)
}
