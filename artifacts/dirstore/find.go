package dirstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// List returns every model, sorted by name. One that cannot be read hides no other: its Packaging.Unservable says why.
func (s *Store) List(ctx context.Context) ([]*artifacts.Model, error) {
	records, err := s.listed(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing: %w", err)
	}
	models := make([]*artifacts.Model, len(records))
	if err := atrest.Each(ctx, len(records), func(i int) { models[i] = s.model(&records[i]) }); err != nil {
		return nil, fmt.Errorf("listing: %w", err)
	}
	atrest.SortModels(models)
	return models, nil
}

// listed is records, with the lock and on all processors.
func (s *Store) listed(ctx context.Context) ([]record, error) {
	lock, err := s.lock.Read(ctx, nil, atrest.Forever)
	if err != nil {
		return nil, err
	}
	defer lock.Release()
	c, err := s.scan()
	if err != nil {
		return nil, err
	}
	records := make([]record, len(c.layouts))
	return records, atrest.Each(ctx, len(records), func(i int) { records[i] = c.layouts[i].read() })
}

// Find returns the model that a query names: see artifacts.Store. Of several names of one digest it is the first in order.
func (s *Store) Find(ctx context.Context, query string) (*artifacts.Model, error) {
	lock, err := s.lock.Read(ctx, nil, atrest.Forever)
	if err != nil {
		return nil, fmt.Errorf("finding %s: %w", query, err)
	}
	found, err := s.match(query)
	lock.Release()
	if err != nil {
		return nil, fmt.Errorf("finding %s: %w", query, err)
	}
	for i := range found[1:] {
		if found[i+1].digest != found[0].digest {
			return nil, fmt.Errorf("finding %w", ambiguous(query, found))
		}
	}
	return s.model(&found[0]), nil
}

// match returns the layouts that a query names, at least one, sorted by name. The caller holds the lock.
func (s *Store) match(query string) ([]record, error) {
	if name, err := artifacts.ParseName(query); err == nil {
		switch r, err := s.named(name); {
		case err != nil:
			return nil, err
		case r != nil:
			return []record{*r}, nil
		}
	}
	records, err := s.records()
	if err != nil {
		return nil, err
	}
	var found []record
	for _, i := range atrest.Match(query, plain(records)) {
		found = append(found, records[i])
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%w in %s", artifacts.ErrNotFound, s.root)
	}
	return found, nil
}

// named returns the layout of a name; nil if there is none.
func (s *Store) named(name artifacts.Name) (*record, error) {
	l := s.layoutOf(name)
	info, err := os.Lstat(l.dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	r := l.read()
	return &r, nil
}

func plain(records []record) []atrest.Entry {
	all := make([]atrest.Entry, len(records))
	for i := range records {
		all[i] = atrest.Entry{Name: records[i].layout.name.String(), Digest: records[i].digest}
	}
	return all
}

func ambiguous(query string, found []record) error { return atrest.Ambiguous(query, plain(found)) }
