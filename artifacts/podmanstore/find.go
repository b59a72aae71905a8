package podmanstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/paddock-dev/paddock/artifacts"
)

// Find returns the model that a query names, exactly: short names are not completed, as Podman does not. The ways, in order:
//
//   - a full name, with ":latest" if it has neither tag nor digest; also an entry that Podman 5.x stored without the tag;
//   - any string that is the name of an entry;
//   - repository@sha256:…: an entry of the repository whose manifest has the digest;
//   - sha256:HEX, HEX, or a prefix of it of at least 3 characters: the digest of a manifest. Several names of one digest
//     are one model, returned under the first name in order; several digests are an error that wraps
//     artifacts.ErrAmbiguous and lists them.
//
// The error wraps artifacts.ErrNotFound only if the store could be read. A model whose manifest is lost is found, with
// Packaging.Unservable set.
func (s *Store) Find(ctx context.Context, query string) (*artifacts.Model, error) {
	lock, err := s.lockRead(ctx, nil, forever)
	if err != nil {
		return nil, fmt.Errorf("finding %s: %w", query, err)
	}
	r, err := s.find(query)
	lock.Release()
	if err != nil {
		return nil, fmt.Errorf("finding %w", err)
	}
	return s.describe(r), nil
}

func (s *Store) find(query string) (*record, error) {
	x, err := s.readIndex()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", query, err)
	}
	l := parseQuery(query)
	found := l.match(x)
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: %w in %s", query, artifacts.ErrNotFound, s.root)
	}
	for _, e := range found[1:] {
		if e.desc.Digest != found[0].desc.Digest {
			return nil, ambiguous(query, found)
		}
	}
	// An entry without a name sorts first, and is the last choice.
	best := found[0]
	if i := slices.IndexFunc(found, func(e *entry) bool { return e.name() != "" }); i >= 0 {
		best = found[i]
	}
	r := s.record(best)
	s.attach(&r, x.derivedFrom(best.desc.Digest))
	return &r, nil
}
