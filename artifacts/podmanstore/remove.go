package podmanstore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// Remove takes one entry out of the store, then the blobs, config and manifest that no other entry needs. The query is
// read as in Find, and means what it means to podman artifact rm (libartifact v0.68, Remove): a name removes the entry of
// that name, a digest the one entry that has it. A digest that several entries have is refused, with an error that wraps
// artifacts.ErrAmbiguous and lists them, even if it is one manifest: which name to take is for the caller to say. For
// repository@digest Podman takes the first entry; here that, too, is refused when there are several.
//
// A derived artifact whose origin is in the store is refused with an *artifacts.BelongsError: it goes with the origin.
//
// Where Podman fails, on an entry without a name, its digest removes it.
func (s *Store) Remove(ctx context.Context, query string) error {
	r := &artifacts.Removal{Query: query}
	s.RemoveAll(ctx, []*artifacts.Removal{r})
	return r.Err
}

// RemoveAll removes several entries, and writes the index once: see artifacts.Remover.
func (s *Store) RemoveAll(ctx context.Context, all []*artifacts.Removal) {
	if !s.mayRemove(ctx, all) {
		return // nothing to remove is found without making the store
	}
	s.warm()
	lock, err := s.lockWrite(ctx, nil)
	if err != nil {
		artifacts.FailRemovals(all, err)
		return
	}
	out, err := s.removeAll(all)
	lock.Release()
	if err != nil {
		artifacts.FailRemovals(all, err)
		return
	}
	err = out.err
	if out.sweeping != nil { // the index is written, whatever went wrong with the blobs
		err = errors.Join(err, atrest.SyncDir(s.root), out.finish(ctx, nil))
	}
	if err != nil {
		artifacts.FailRemovals(out.gone[len(out.gone)-1:], err) // what all of them left behind is said once
	}
}

// mayRemove looks whether there is anything to remove, without the lock that is for writing; if not, it says so in the removals.
func (s *Store) mayRemove(ctx context.Context, all []*artifacts.Removal) bool {
	lock, err := s.lockRead(ctx, nil, forever)
	if err != nil {
		artifacts.FailRemovals(all, err)
		return false
	}
	x, err := s.readIndex()
	lock.Release()
	if err != nil {
		artifacts.FailRemovals(all, err)
		return false
	}
	c := x.candidates()
	if slices.ContainsFunc(all, func(r *artifacts.Removal) bool { return len(c.match(r.Query)) > 0 }) {
		return true
	}
	artifacts.FailRemovals(all, s.notHere())
	return false
}

func (s *Store) notHere() error { return fmt.Errorf("%w in %s", artifacts.ErrNotFound, s.root) }

// removed is what a removal under the lock leaves to do.
type removed struct {
	*sweeping // nil if nothing was removed
	gone      []*artifacts.Removal
	err       error // of the blobs
}

// removeAll removes what can be removed from the index, in order, and writes it. An error is of all that have none of their own.
func (s *Store) removeAll(all []*artifacts.Removal) (*removed, error) {
	x, err := s.readIndex()
	if err != nil {
		return nil, err
	}
	out, left, doomed := &removed{}, x.candidates(), map[atrest.Entry]bool{}
	for _, r := range all {
		e, err := s.removable(left, r.Query)
		if err != nil {
			artifacts.FailRemovals([]*artifacts.Removal{r}, err)
		} else {
			r.Err = r.Admits(e.name(), e.desc.Digest)
		}
		if r.Err != nil {
			continue
		}
		doomed[key(e)] = true
		left.remove(e)
		out.gone = append(out.gone, r)
	}
	if len(out.gone) == 0 {
		return out, nil
	}
	displaced := x.drop(func(e *entry) bool { return e.err == nil && doomed[key(e)] })
	if err := s.writeIndex(x); err != nil {
		return nil, err
	}
	for _, r := range out.gone {
		r.Gone = true
	}
	out.sweeping = s.sweeping(displaced)
	out.err = out.turn(x)
	return out, nil
}

// removable returns the entry that a query means, of those that are left.
func (s *Store) removable(left *candidates, query string) (*entry, error) {
	found := left.match(query)
	switch {
	case len(found) == 0:
		return nil, s.notHere()
	case len(found) > 1 && !sameName(found):
		return nil, ambiguous(query, found)
	}
	if owner := left.ownerOf(found[0]); owner != "" {
		return nil, &artifacts.BelongsError{Name: found[0].name(), Owner: owner}
	}
	return found[0], nil
}

// key tells entries apart: duplicates are one, and so are several without a name.
func key(e *entry) atrest.Entry {
	if name := e.name(); name != "" {
		return atrest.Entry{Name: name}
	}
	return atrest.Entry{Digest: e.desc.Digest}
}

// remove takes out an entry, and what was derived from its manifest if that is gone with it.
func (c *candidates) remove(gone *entry) {
	c.drop(func(e *entry) bool { return key(e) == key(gone) })
	d := gone.desc.Digest
	if !slices.ContainsFunc(c.entries, func(e *entry) bool { return e.desc.Digest == d }) {
		c.drop(func(e *entry) bool { return e.origin() == d })
	}
}

// sameName says whether entries differ in nothing that a user could say: duplicates, or several without a name.
func sameName(found []*entry) bool {
	for _, e := range found[1:] {
		if e.name() != found[0].name() || e.name() == "" && e.desc.Digest != found[0].desc.Digest {
			return false
		}
	}
	return true
}
