package podmanstore

import (
	"context"
	"errors"
	"fmt"

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
	// Nothing to remove is found without making the store.
	if _, err := s.Find(ctx, query); err != nil && !errors.Is(err, artifacts.ErrAmbiguous) {
		return fmt.Errorf("removing: %w", err)
	}
	s.warm()
	lock, err := s.lockWrite(ctx, nil)
	if err != nil {
		return fmt.Errorf("removing %s: %w", query, err)
	}
	out, err := s.remove(query)
	lock.Release()
	if out != nil { // the index is written, whatever went wrong with the blobs
		err = errors.Join(err, atrest.SyncDir(s.root), out.finish(ctx, nil))
	}
	if err != nil {
		return fmt.Errorf("removing %s: %w", query, err)
	}
	return nil
}

func (s *Store) remove(query string) (*sweeping, error) {
	x, err := s.readIndex()
	if err != nil {
		return nil, err
	}
	l := parseQuery(query)
	found := l.match(x)
	switch {
	case len(found) == 0:
		return nil, fmt.Errorf("%w in %s", artifacts.ErrNotFound, s.root)
	case len(found) > 1 && !sameName(found):
		return nil, ambiguous(query, found)
	}
	if owner := x.ownerOf(found[0]); owner != "" {
		return nil, &artifacts.BelongsError{Name: found[0].name(), Owner: owner}
	}
	name, d := found[0].name(), found[0].desc.Digest
	displaced := x.drop(func(e *entry) bool {
		return e.err == nil && e.name() == name && (name != "" || e.desc.Digest == d)
	})
	if err := s.writeIndex(x); err != nil {
		return nil, err
	}
	out := s.sweeping(displaced)
	return out, out.turn(x)
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
