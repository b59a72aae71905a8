package podmanstore

import (
	"context"
	"fmt"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// Tag adds an entry for a manifest that has one: see artifacts.Tagger. Podman 5.6 and later find the name
// repository@digest by equality, 6.0 by the digest.
func (s *Store) Tag(ctx context.Context, source *artifacts.Model, name artifacts.Name) error {
	if name.IsZero() {
		return fmt.Errorf("naming %s: %w: no name", source.Digest, artifacts.ErrInvalidName)
	}
	if err := atrest.CheckPin(name, source.Digest); err != nil {
		return fmt.Errorf("naming %s: %w", source.Digest, err)
	}
	if err := checkReserved(name); err != nil {
		return fmt.Errorf("naming %s: %w", source.Digest, err)
	}
	there, err := s.tagged(ctx, source.Digest, name)
	if err != nil || there {
		return err
	}
	s.warm()
	lock, err := s.lockWrite(ctx, nil)
	if err != nil {
		return err
	}
	out, err := s.tagLocked(source.Digest, name.String())
	lock.Release()
	if err != nil {
		return fmt.Errorf("naming %s %s: %w", source.Digest, name, err)
	}
	return s.settle(ctx, nil, out)
}

// tagged says whether nothing is to be done. It also keeps Tag from making a store where there is none.
func (s *Store) tagged(ctx context.Context, d digest.Digest, name artifacts.Name) (bool, error) {
	lock, err := s.lockRead(ctx, nil, forever)
	if err != nil {
		return false, err
	}
	defer lock.Release()
	_, _, changed, err := s.retag(d, name.String())
	if err != nil {
		return false, fmt.Errorf("naming %s %s: %w", d, name, err)
	}
	return !changed, nil
}

func (s *Store) tagLocked(d digest.Digest, name string) (*sweeping, error) {
	x, displaced, changed, err := s.retag(d, name)
	if err != nil {
		return nil, err
	}
	out := s.sweeping(displaced)
	if !changed {
		return out, nil
	}
	if err := s.writeIndex(x); err != nil {
		return nil, err
	}
	out.turnOrWarn(x)
	return out, nil
}

// retag returns the index as it is now with one more name for a manifest that it has, and that is readable.
func (s *Store) retag(d digest.Digest, name string) (x *index, displaced []digest.Digest, changed bool, err error) {
	x, err = s.readIndex()
	if err != nil {
		return nil, nil, false, err
	}
	source := x.find(d)
	if source == nil {
		return nil, nil, false, fmt.Errorf("%w in %s", artifacts.ErrNotFound, s.root)
	}
	if _, err := s.readManifest(d); err != nil {
		return nil, nil, false, err
	}
	displaced, changed, err = x.put(name, descriptor{MediaType: source.MediaType, Digest: d, Size: source.Size})
	return x, displaced, changed, err
}
