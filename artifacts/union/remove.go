package union

import (
	"context"
	"fmt"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// Remove implements artifacts.Store.
func (s *Store) Remove(ctx context.Context, query string) error {
	if len(s.members) == 1 {
		return s.members[0].Store.Remove(ctx, query)
	}
	found, err := s.find(ctx, query)
	switch {
	case err != nil:
		return err
	case len(found) > 1:
		return fmt.Errorf("removing %w", ambiguous(query, found))
	}
	return found[0].member.Store.Remove(ctx, query)
}

// RemoveAll implements artifacts.Remover. Every member is asked once for what it has, and removes its own in one go. What several have
// under one query is told apart as it was before anything was removed.
func (s *Store) RemoveAll(ctx context.Context, all []*artifacts.Removal) {
	switch {
	case len(s.members) == 1:
		artifacts.RemoveAll(ctx, s.members[0].Store, all)
		return
	case len(all) == 1:
		all[0].From(ctx, s)
		return
	}
	have, err := s.everything(ctx)
	if err != nil { // what is wrong with one model may be nothing to those that are to go
		for _, r := range all {
			r.From(ctx, s)
		}
		return
	}
	plain := entries(have)
	batches := map[*Member][]*artifacts.Removal{}
	for _, r := range all {
		var found []hit
		for _, i := range atrest.Match(r.Query, plain) {
			found = append(found, have[i])
		}
		if of, err := oneMember(r.Query, found); err != nil {
			r.Err = fmt.Errorf("removing %w", err)
		} else {
			batches[of] = append(batches[of], r)
		}
	}
	for i := range s.members {
		artifacts.RemoveAll(ctx, s.members[i].Store, batches[&s.members[i]])
	}
	for _, r := range batches[nil] {
		r.From(ctx, s)
	}
}

// everything is what the members have.
func (s *Store) everything(ctx context.Context) ([]hit, error) {
	var all []hit
	for i := range s.members {
		models, err := artifacts.Overview(ctx, s.members[i].Store)
		if err != nil {
			return nil, err
		}
		for _, m := range models {
			all = append(all, hit{m, &s.members[i]})
		}
	}
	return all, nil
}

// oneMember returns the member that has all that was found; nil for nothing, which may still be something that no member lists.
func oneMember(query string, found []hit) (*Member, error) {
	var of *Member
	for _, h := range found {
		if of != nil && h.member != of {
			return nil, ambiguous(query, found)
		}
		of = h.member
	}
	return of, nil
}
