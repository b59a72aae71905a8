package dirstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/paddock-dev/paddock/artifacts"
)

// Remove takes one layout out of the store. The query is read as in Find; a digest that several names have is refused, with
// an error that wraps artifacts.ErrAmbiguous and lists them: which name to take is for the caller to say.
func (s *Store) Remove(ctx context.Context, query string) error {
	r := &artifacts.Removal{Query: query}
	s.RemoveAll(ctx, []*artifacts.Removal{r})
	return r.Err
}

// RemoveAll takes several layouts out, with the lock taken once: see artifacts.Remover.
func (s *Store) RemoveAll(ctx context.Context, all []*artifacts.Removal) {
	if !s.mayRemove(ctx, all) {
		return // nothing to remove is found without making the store
	}
	lock, err := s.lock.Write(ctx, nil)
	if err != nil {
		artifacts.FailRemovals(all, err)
		return
	}
	folders := map[string]bool{}
	for _, r := range all {
		if dir := s.remove(r); dir != "" {
			folders[filepath.Dir(dir)] = true
		}
	}
	lock.Release()
	if len(folders) == 0 {
		return
	}
	if err := s.settle(slices.Collect(maps.Keys(folders))...); err != nil {
		artifacts.FailRemovals(all, err)
	}
}

// mayRemove looks whether there is anything to remove; if not, it says so in the removals.
func (s *Store) mayRemove(ctx context.Context, all []*artifacts.Removal) bool {
	var errs []error
	for _, r := range all {
		_, err := s.Find(ctx, r.Query)
		if err == nil || errors.Is(err, artifacts.ErrAmbiguous) {
			return true
		}
		errs = append(errs, err)
	}
	for i, r := range all {
		r.Err = fmt.Errorf("removing: %w", errs[i])
	}
	return false
}

// remove takes one layout out, and returns its folder; "" if it is still there. The caller holds the lock.
func (s *Store) remove(r *artifacts.Removal) (dir string) {
	found, err := s.match(r.Query)
	if err == nil && len(found) > 1 {
		err = ambiguous(r.Query, found)
	}
	if err != nil {
		artifacts.FailRemovals([]*artifacts.Removal{r}, err)
		return ""
	}
	if r.Err = r.Admits(found[0].layout.name.String(), found[0].digest); r.Err != nil {
		return ""
	}
	if err := s.drop(found[0].layout.dir); err != nil {
		artifacts.FailRemovals([]*artifacts.Removal{r}, err)
		return ""
	}
	r.Gone = true
	return found[0].layout.dir
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
