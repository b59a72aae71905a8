package union

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// Member is one of the stores.
type Member struct {
	Store artifacts.Store
	// Word is the Store of its models: what a model of a union is given back to its member by. No two members share it.
	Word string
	// Kinds are those of the plans that it lands. The first member that takes a kind gets it.
	Kinds []artifacts.Kind
}

// Store is the union of its members. It is as safe for concurrent use as they are.
type Store struct{ members []Member }

var (
	_ artifacts.Store   = (*Store)(nil)
	_ artifacts.Tagger  = (*Store)(nil)
	_ artifacts.Reader  = (*Store)(nil)
	_ artifacts.Checker = (*Store)(nil)
	_ artifacts.Doctor  = (*Store)(nil)
	_ artifacts.Meter   = (*Store)(nil)
	_ artifacts.Pruner  = (*Store)(nil)
	_ artifacts.Remover = (*Store)(nil)

	_ artifacts.Overviewer = (*Store)(nil)
)

// New returns the union of stores.
func New(members ...Member) *Store { return &Store{members: members} }

// Members returns the stores, in their order.
func (s *Store) Members() []Member { return slices.Clone(s.members) }

// Land implements artifacts.Store. The name is taken from the other members once the model is whole: a tag may move from an
// artifact to an image.
func (s *Store) Land(ctx context.Context, plan *artifacts.Plan, opts *artifacts.LandOptions) (*artifacts.Model, error) {
	i := slices.IndexFunc(s.members, func(m Member) bool { return slices.Contains(m.Kinds, plan.Kind) })
	switch {
	case i < 0 && plan.Kind == artifacts.KindImage:
		return nil, fmt.Errorf("landing %s: %w", plan.Name, artifacts.ErrIsImage)
	case i < 0:
		return nil, fmt.Errorf("landing %s: no store takes the kind %q", plan.Name, plan.Kind)
	}
	model, err := s.members[i].Store.Land(ctx, plan, opts)
	if err != nil {
		return nil, err
	}
	if err := s.supersede(ctx, s.members[i].Word, plan.Name); err != nil {
		return nil, fmt.Errorf("landing %s: %w", plan.Name, err)
	}
	return model, nil
}

// supersede removes a name from all members but one. What is no model has no name here: it is found by none, and stays.
func (s *Store) supersede(ctx context.Context, keep string, name artifacts.Name) error {
	for _, m := range s.members {
		if m.Word == keep {
			continue
		}
		old, err := m.Store.Find(ctx, name.String())
		if errors.Is(err, artifacts.ErrNotFound) {
			continue
		} else if err != nil {
			return err
		}
		if stored, err := artifacts.ParseName(old.Name); err != nil || stored.String() != name.String() {
			continue // found by its digest, under another name
		}
		if err := m.Store.Remove(ctx, old.Name); err != nil && !errors.Is(err, artifacts.ErrNotFound) {
			return fmt.Errorf("replacing what the store %s has under that name: %w", m.Word, err)
		}
	}
	return nil
}

// Find implements artifacts.Store. What several members have under one query is told apart as within one store: a name goes
// before a digest, and several digests are artifacts.ErrAmbiguous.
func (s *Store) Find(ctx context.Context, query string) (*artifacts.Model, error) {
	found, err := s.find(ctx, query)
	if err != nil {
		return nil, err
	}
	for i := range found {
		if found[i].model.Digest != found[0].model.Digest {
			return nil, fmt.Errorf("finding %w", ambiguous(query, found))
		}
	}
	return found[0].model, nil
}

// hit is a model and the member that has it.
type hit struct {
	model  *artifacts.Model
	member *Member
}

// find asks every member, and returns the best matches, at least one.
func (s *Store) find(ctx context.Context, query string) ([]hit, error) {
	var found []hit
	missing := fmt.Errorf("finding %s: %w", query, artifacts.ErrNotFound)
	for i := range s.members {
		m, err := s.members[i].Store.Find(ctx, query)
		switch {
		case err == nil:
			found = append(found, hit{m, &s.members[i]})
		case !errors.Is(err, artifacts.ErrNotFound):
			return nil, err
		case len(s.members) == 1:
			missing = err // it says where it was looked for
		}
	}
	if len(found) == 0 {
		return nil, missing
	}
	if best := atrest.Match(query, entries(found)); len(best) > 0 {
		chosen := make([]hit, len(best))
		for i, at := range best {
			chosen[i] = found[at]
		}
		return chosen, nil
	}
	return found, nil
}

// List implements artifacts.Store.
func (s *Store) List(ctx context.Context) ([]*artifacts.Model, error) {
	return s.list(ctx, func(ctx context.Context, s artifacts.Store) ([]*artifacts.Model, error) { return s.List(ctx) })
}

// Overview implements artifacts.Overviewer.
func (s *Store) Overview(ctx context.Context) ([]*artifacts.Model, error) {
	return s.list(ctx, artifacts.Overview)
}

func (s *Store) list(ctx context.Context, one func(context.Context, artifacts.Store) ([]*artifacts.Model, error)) ([]*artifacts.Model, error) {
	var all []*artifacts.Model
	for _, m := range s.members {
		models, err := one(ctx, m.Store)
		if err != nil {
			return nil, err
		}
		all = append(all, models...)
	}
	atrest.SortModels(all)
	return all, nil
}

func entries(found []hit) []atrest.Entry {
	all := make([]atrest.Entry, len(found))
	for i, h := range found {
		all[i] = atrest.Entry{Name: h.model.Name, Digest: h.model.Digest}
	}
	return all
}

func ambiguous(query string, found []hit) error { return atrest.Ambiguous(query, entries(found)) }
