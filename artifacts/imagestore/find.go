package imagestore

import (
	"context"
	"errors"
	"fmt"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// entry is a name of an image.
type entry struct {
	atrest.Entry
	image *image
}

// entries lists the names of all images, models or not. An image that lost its names is Podman's to prune.
func (r *records) entries() []entry {
	var all []entry
	for i := range r.images {
		for _, name := range r.images[i].Names {
			all = append(all, entry{atrest.Entry{Name: name, Digest: r.images[i].digest()}, &r.images[i]})
		}
	}
	return all
}

// List returns the images that carry a model, one model for each name, sorted by name.
func (s *Store) List(ctx context.Context) ([]*artifacts.Model, error) {
	return s.list(ctx, (*records).describe)
}

// Overview is List without reading what is in the layers of images that are called models: see artifacts.Overviewer.
func (s *Store) Overview(ctx context.Context) ([]*artifacts.Model, error) {
	return s.list(ctx, (*records).outline)
}

func (s *Store) list(ctx context.Context, describe func(*records, *image) (*described, error)) ([]*artifacts.Model, error) {
	r, err := s.read()
	if err != nil {
		return nil, fmt.Errorf("listing: %w", err)
	}
	found, errs := make([]*described, len(r.images)), make([]error, len(r.images))
	err = atrest.Each(ctx, len(r.images), func(i int) {
		if len(r.images[i].Names) > 0 {
			found[i], errs[i] = describe(r, &r.images[i])
		}
	})
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, fmt.Errorf("listing: %w", err)
	}
	var models []*artifacts.Model
	for _, d := range found {
		if d == nil {
			continue
		}
		for _, name := range d.image.Names {
			models = append(models, d.named(name))
		}
	}
	atrest.SortModels(models)
	return models, nil
}

// Find returns the model that a query names: see artifacts.Store. An image that carries no model is not found.
func (s *Store) Find(_ context.Context, query string) (*artifacts.Model, error) {
	found, err := s.match(query)
	if err != nil {
		return nil, fmt.Errorf("finding %s: %w", query, err)
	}
	for _, f := range found[1:] {
		if f.model.Digest != found[0].model.Digest {
			return nil, fmt.Errorf("finding %w", ambiguous(query, found))
		}
	}
	return found[0].named(found[0].name), nil
}

// match is a model, and the name that a query found it under.
type match struct {
	*described
	name string
}

// match returns the models that a query names, at least one, sorted by name.
func (s *Store) match(query string) ([]match, error) {
	r, err := s.read()
	if err != nil {
		return nil, err
	}
	all := r.entries()
	plain := make([]atrest.Entry, len(all))
	for i := range all {
		plain[i] = all[i].Entry
	}
	var found []match
	for _, i := range atrest.Match(query, plain) {
		d, err := r.describe(all[i].image)
		if err != nil {
			return nil, err
		}
		if d != nil {
			found = append(found, match{d, all[i].Name})
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%w among the images in %s", artifacts.ErrNotFound, s.place.GraphRoot)
	}
	return found, nil
}

func ambiguous(query string, found []match) error {
	all := make([]atrest.Entry, len(found))
	for i, f := range found {
		all[i] = atrest.Entry{Name: f.name, Digest: f.model.Digest}
	}
	return atrest.Ambiguous(query, all)
}
