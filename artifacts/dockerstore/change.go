package dockerstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/paddock-dev/paddock/artifacts"
)

// commit names an image that is in Docker, and keeps its record. An image that loses its last name by it is removed, unless
// it is in use. It takes the lock.
func (s *Store) commit(ctx context.Context, r *record, name artifacts.Name, wait func(string)) error {
	lock, err := s.lock.Write(ctx, wait)
	if err != nil {
		return err
	}
	defer lock.Release()
	images, err := s.images(ctx)
	if err != nil {
		return err
	}
	if _, there := images[r.ID]; !there {
		return fmt.Errorf("image %.19s: %w: it was removed just now", r.ID, artifacts.ErrNotFound)
	}
	if err := s.write(r); err != nil {
		return fmt.Errorf("keeping what Docker does not: %w", err)
	}
	if err := s.run(ctx, nil, io.Discard, "image", "tag", r.ID, dockerName(name.String())); err != nil {
		return fmt.Errorf("naming the image in Docker: %w", err)
	}
	// From here on the name is changed, and nothing may report otherwise.
	if err := s.dropNameless(ctx, r, name, images); err != nil {
		s.logger.Warn("leaving the image that had the name before", "name", name, "error", err)
	}
	return nil
}

// dropNameless removes the image that had a name before, if that was its only one, and paddock landed it. images is what
// Docker had then.
func (s *Store) dropNameless(ctx context.Context, now *record, name artifacts.Name, images map[string][]tagged) error {
	records, err := s.records()
	if err != nil {
		return err
	}
	for i := range records {
		r := &records[i]
		tags := images[r.ID]
		if r.ID == now.ID || len(tags) != 1 || nameOf(tags[0].repository, tags[0].tag, r.digest()) != name.String() {
			continue
		}
		if err := s.run(ctx, nil, io.Discard, "image", "rm", r.ID); err != nil {
			return fmt.Errorf("removing image %.19s: %w", r.ID, err)
		}
		delete(images, r.ID)
	}
	return s.forget(images)
}

// Remove takes a name away, and with the last one the image. One that a container uses stays: Docker says so.
func (s *Store) Remove(ctx context.Context, query string) error {
	found, err := s.match(ctx, query)
	if err != nil {
		return fmt.Errorf("removing %s: %w", query, err)
	}
	if len(found) > 1 {
		return fmt.Errorf("removing %w", ambiguous(query, found))
	}
	if _, err := s.remove(ctx, found[0].name); err != nil {
		return fmt.Errorf("removing %s: %w", query, err)
	}
	return nil
}

// remove takes names away, and returns those that are gone. Of what Docker has no longer, the records go, too.
func (s *Store) remove(ctx context.Context, names ...string) (gone []string, err error) {
	lock, err := s.lock.Write(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer lock.Release()
	for i, name := range names {
		if err := s.run(ctx, nil, io.Discard, "image", "rm", dockerName(name)); err != nil {
			return names[:i], fmt.Errorf("removing the image from Docker: %w", err)
		}
	}
	images, err := s.images(ctx)
	if err != nil {
		return names, err
	}
	return names, s.forget(images)
}

// Discard removes the images that are damaged, so that a landing fetches them again: see artifacts.Checker. Their names come
// back with that landing.
func (s *Store) Discard(ctx context.Context, damaged []artifacts.Damage) error {
	all, err := s.landed(ctx)
	if err != nil {
		return fmt.Errorf("discarding damaged images: %w", err)
	}
	var failed []error
	for i := range all {
		l := &all[i]
		if !slices.ContainsFunc(damaged, func(d artifacts.Damage) bool { return d.Digest == l.digest() }) {
			continue
		}
		gone, err := s.remove(ctx, l.names...)
		s.lost.Store(l.digest(), gone)
		if err != nil {
			failed = append(failed, fmt.Errorf("discarding the damaged image %v: %w", l.names, err))
			s.restoreNames(ctx, &l.record)
		}
	}
	return errors.Join(failed...)
}

// restoreNames gives an image that was discarded its names back.
func (s *Store) restoreNames(ctx context.Context, r *record) {
	names, ok := s.lost.LoadAndDelete(r.digest())
	if !ok {
		return
	}
	for _, n := range names.([]string) {
		name, err := artifacts.ParseName(n)
		if err == nil {
			err = s.commit(ctx, r, name, nil)
		}
		if err != nil {
			s.logger.Warn("a name of a repaired image is lost", "name", n, "error", err)
		}
	}
}

// Prune removes the records of images that Docker no longer has, because docker removed them: see artifacts.Pruner. They are no
// downloads, so that it returns none.
func (s *Store) Prune(ctx context.Context, opts *artifacts.PruneOptions) ([]artifacts.Download, error) {
	records, err := s.records()
	if err != nil {
		return nil, fmt.Errorf("pruning the records of images: %w", err)
	}
	if len(records) == 0 || opts.DryRun {
		return nil, nil
	}
	if _, err := s.remove(ctx); err != nil {
		return nil, fmt.Errorf("pruning the records of images: %w", err)
	}
	return nil, nil
}
