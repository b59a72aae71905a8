package podmanstore

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// moveToTrash takes a file, or a folder of unpacked files, out of the store under the lock, to be deleted after it: deleting 40 GB can take seconds. One
// that is not there is fine. Where even a name in the trash takes room that the disk does not have, the file is deleted at
// once.
func (s *Store) moveToTrash(path string) error {
	err := os.MkdirAll(s.work.trash, 0o700)
	if err == nil {
		err = os.Rename(path, filepath.Join(s.work.trash, filepath.Base(path)+"."+rand.Text()))
	}
	if isFull(err) {
		err = os.RemoveAll(path)
	}
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
