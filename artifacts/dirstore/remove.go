package dirstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/paddock-dev/paddock/artifacts"
)

// Remove takes one layout out of the store. The query is read as in Find; a digest that several names have is refused, with
// an error that wraps artifacts.ErrAmbiguous and lists them: which name to take is for the caller to say.
func (s *Store) Remove(ctx context.Context, query string) error {
	// Nothing to remove is found without making the store.
	if _, err := s.Find(ctx, query); err != nil && !errors.Is(err, artifacts.ErrAmbiguous) {
		return fmt.Errorf("removing: %w", err)
	}
	lock, err := s.lock.Write(ctx, nil)
	if err != nil {
		return fmt.Errorf("removing %s: %w", query, err)
	}
	dir, err := s.remove(query)
	lock.Release()
	if err == nil {
		err = s.settle(dir)
	}
	if err != nil {
		return fmt.Errorf("removing %s: %w", query, err)
	}
	return nil
}

func (s *Store) remove(query string) (dir string, err error) {
	found, err := s.match(query)
	if err != nil {
		return "", err
	}
	if len(found) > 1 {
		return "", ambiguous(query, found)
	}
	dir = found[0].layout.dir
	return dir, s.drop(dir)
}

// drop takes a layout out, and the folder of its repository if that was the last.
func (s *Store) drop(dir string) error {
	if err := s.moveToTrash(dir); err != nil {
		return err
	}
	err := os.Remove(filepath.Dir(dir))
	if errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.EEXIST) || errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
