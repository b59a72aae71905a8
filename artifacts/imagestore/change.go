package imagestore

import (
	"context"
	"errors"
	"fmt"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// Remove takes a name away, and with the last one the image and the layers that no other image uses. An image that a
// container uses keeps its last name.
func (s *Store) Remove(ctx context.Context, query string) error {
	found, err := s.match(query)
	if err != nil {
		return fmt.Errorf("removing %s: %w", query, err)
	}
	if len(found) > 1 {
		return fmt.Errorf("removing %w", ambiguous(query, found))
	}
	if _, err := s.ask(ctx, &request{Do: doRemove, Name: found[0].name}); err != nil {
		return fmt.Errorf("removing %s: %w", query, err)
	}
	return nil
}

// Tag gives an image one more name: see artifacts.Tagger. Podman finds repository@digest by it, too.
func (s *Store) Tag(ctx context.Context, source *artifacts.Model, name artifacts.Name) error {
	act := func(err error) error {
		return fmt.Errorf("naming %s %s: %w", source.Digest, name, err)
	}
	if name.IsZero() {
		return act(artifacts.ErrInvalidName)
	}
	if err := atrest.CheckPin(name, source.Digest); err != nil {
		return act(err)
	}
	r, err := s.read()
	if err != nil {
		return act(err)
	}
	d, err := r.byDigest(source.Digest)
	if err == nil && d == nil {
		err = artifacts.ErrNotFound
	}
	if err != nil {
		return act(err)
	}
	if _, err := s.ask(ctx, &request{Do: doTag, ID: d.image.ID, Name: name.String()}); err != nil {
		return act(err)
	}
	return nil
}

// Discard removes the image of damaged layers, so that a landing fetches them again: see artifacts.Checker. Its names come
// back with that landing. A layer that another image uses, too, is left alone, and is an error.
func (s *Store) Discard(ctx context.Context, damaged []artifacts.Damage) error {
	r, err := s.read()
	if err != nil {
		return fmt.Errorf("discarding damaged layers: %w", err)
	}
	var failed []error
	for i := range r.images {
		img := &r.images[i]
		if !r.affected(img, damaged) {
			continue
		}
		if other := r.sharer(img, damaged); other != nil {
			failed = append(failed, fmt.Errorf("discarding damaged layers of %v: the image %v has them, too; remove it with podman rmi, and pull it again", img.Names, other.Names))
			continue
		}
		if _, err := s.ask(ctx, &request{Do: doDrop, ID: img.ID}); err != nil {
			failed = append(failed, fmt.Errorf("discarding damaged layers of %v: %w", img.Names, err))
			continue
		}
		s.lost.Store(img.digest(), img.Names)
	}
	return errors.Join(failed...)
}

// affected says whether an image has one of the damaged blobs.
func (r *records) affected(i *image, damaged []artifacts.Damage) bool {
	manifest, err := r.store.bigData(i, manifestKey, atrest.MaxManifest)
	for _, d := range damaged {
		if d.Digest == i.digest() {
			return true
		}
		if err != nil {
			continue
		}
		refs, err := atrest.ParseRefs(manifest)
		if err != nil {
			continue
		}
		for _, b := range refs.Blobs {
			if b.Digest == d.Digest {
				return true
			}
		}
	}
	return false
}

// sharer returns another image than i that has one of the damaged blobs; nil if there is none.
func (r *records) sharer(i *image, damaged []artifacts.Damage) *image {
	for at := range r.images {
		if other := &r.images[at]; other.ID != i.ID && r.affected(other, damaged) {
			return other
		}
	}
	return nil
}

// restoreNames gives an image that was discarded its names back.
func (s *Store) restoreNames(ctx context.Context, d *described) {
	names, ok := s.lost.LoadAndDelete(d.model.Digest)
	if !ok {
		return
	}
	for _, name := range names.([]string) {
		if _, err := s.ask(ctx, &request{Do: doTag, ID: d.image.ID, Name: name}); err != nil {
			s.logger.Warn("a name of a repaired image is lost", "name", name, "error", err)
		}
	}
}
