package podmanstore

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"
)

// sweep takes the blobs of manifests that lost an entry out of the store, except those which the index x still needs. It
// runs under the lock, after x was written. They are moved aside, a rename each; emptyTrash deletes them after the lock.
// When it cannot be known what x needs, nothing goes: Diagnose finds the blobs later.
func (s *Store) sweep(x *index, displaced []digest.Digest) error {
	if len(displaced) == 0 {
		return nil
	}
	used, err := s.used(x)
	if err != nil {
		s.logger.Warn("keeping blobs that may be unused", "store", s.root, "error", err)
		return nil
	}
	mine := map[digest.Digest]int{}
	seen := map[digest.Digest]bool{}
	for _, d := range displaced {
		if err := s.countRefs(d, mine, seen); err != nil {
			s.logger.Warn("keeping blobs that may be unused", "manifest", d, "error", err)
		}
	}
	var errs []error
	for d := range mine {
		if used[d] == 0 {
			errs = append(errs, s.discard(d))
		}
	}
	return errors.Join(errs...)
}

// sweepOrWarn is sweep after a change that must not be reported as failed: the index is written.
func (s *Store) sweepOrWarn(x *index, displaced []digest.Digest) {
	if err := s.sweep(x, displaced); err != nil {
		s.logger.Warn("keeping unused blobs", "store", s.root, "error", err)
	}
}

// discard moves a blob out of the store. One that is not there is fine.
func (s *Store) discard(d digest.Digest) error {
	path, err := s.blobPath(d)
	if err != nil {
		s.logger.Warn("ignoring a malformed digest", "store", s.root, "error", err)
		return nil
	}
	return s.moveToTrash(path)
}

func (s *Store) moveToTrash(path string) error {
	if err := os.MkdirAll(s.work.trash, 0o700); err != nil {
		return fmt.Errorf("removing %s: %w", path, err)
	}
	err := os.Rename(path, filepath.Join(s.work.trash, filepath.Base(path)+"."+rand.Text()))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing %s: %w", path, err)
	}
	return nil
}

// emptyTrash deletes what was moved aside, by this process or by one that was killed.
func (s *Store) emptyTrash() error {
	entries, err := os.ReadDir(s.work.trash)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("emptying %s: %w", s.work.trash, err)
	}
	for _, e := range entries {
		err := os.RemoveAll(filepath.Join(s.work.trash, e.Name()))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("emptying %s: %w", s.work.trash, err)
		}
	}
	return nil
}
