package podmanstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// Check looks at the manifest and every blob of a model, and of what was unpacked from it: see artifacts.Checker. It takes
// no lock, so that verifying 40 GB blocks nobody.
func (s *Store) Check(ctx context.Context, m *artifacts.Model, verify bool) ([]artifacts.Damage, error) {
	damaged, err := atrest.Check(ctx, m, verify, s.blobPath)
	if err != nil {
		return nil, err
	}
	more, err := s.checkDerived(ctx, m, verify)
	return atrest.JoinDamages(damaged, more), err
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
	lock.Release()
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
		if now, err := os.Stat(path); d.Found != nil && err == nil && atrest.Unchanged(now, d.Found) {
			errs = append(errs, s.moveToTrash(path))
		}
	}
	return errors.Join(errs...)
}
