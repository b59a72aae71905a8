package storetest

import (
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
)

// Breaker is a store under test that can be made unreadable, to see that this is not mistaken for "not found".
type Breaker interface{ Break(t *testing.T) }

// Blobless is a store under test that keeps no blobs, but what was made of them, as an engine does: it cannot share those of
// another model.
type Blobless interface{ Blobless() }

// Run tests the stores that open makes: each call must give a new, empty one.
func Run(t *testing.T, open func(t *testing.T) artifacts.Store) { RunWith(t, open, NewOrigin) }

// RunWith is Run with models of another kind.
func RunWith(t *testing.T, open func(t *testing.T) artifacts.Store, maker Maker) {
	for _, c := range []struct {
		name string
		test func(*suite)
	}{
		{"Empty", (*suite).empty},
		{"Landing", (*suite).landing},
		{"SecondLanding", (*suite).secondLanding},
		{"MovedTag", (*suite).movedTag},
		{"TwoNames", (*suite).twoNames},
		{"SharedBlob", (*suite).sharedBlob},
		{"Lie", (*suite).lie},
		{"Cancel", (*suite).cancel},
		{"OriginFails", (*suite).originFails},
		{"Concurrent", (*suite).concurrent},
		{"Broken", (*suite).broken},
		{"Queries", (*suite).queries},
		{"Ambiguous", (*suite).ambiguous},
		{"RemoveByDigest", (*suite).removeByDigest},
		{"RemoveAll", (*suite).removeAll},
		{"Pins", (*suite).pins},
		{"PinRefused", (*suite).pinRefused},
		{"OpenFile", (*suite).openFile},
		{"Check", (*suite).check},
		{"Pending", (*suite).pending},
		{"PendingLie", (*suite).pendingLie},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(&suite{T: t, store: open(t), make: maker}) })
	}
}

// suite is one test on one store.
type suite struct {
	*testing.T
	store artifacts.Store
	make  Maker
}

const (
	nameOne = "quay.io/org/one:1"
	nameTwo = "quay.io/org/two:2"
)

// origin publishes one file.
func (s *suite) origin(name, content string) *Origin {
	s.Helper()
	return s.make(s.T, name, map[string]string{"model.gguf": content})
}

func (s *suite) land(o *Origin) *artifacts.Model {
	s.Helper()
	m, err := s.store.Land(s.Context(), o.Plan, nil)
	if err != nil {
		s.Fatalf("landing %s: %v", o.Plan.Name, err)
	}
	if m.Name != o.Plan.Name.String() || m.Digest != o.Plan.Digest || string(m.Manifest) != string(o.Plan.Manifest) {
		s.Fatalf("landing %s gave %s, %s", o.Plan.Name, m.Name, m.Digest)
	}
	return m
}

func (s *suite) remove(query string) {
	s.Helper()
	if err := s.store.Remove(s.Context(), query); err != nil {
		s.Fatal(err)
	}
}

// found checks that a query finds the model of the origin, by its name or another.
func (s *suite) found(query string, o *Origin) *artifacts.Model {
	s.Helper()
	m, err := s.store.Find(s.Context(), query)
	if err != nil {
		s.Fatal(err)
	}
	if m.Digest != o.Plan.Digest || string(m.Manifest) != string(o.Plan.Manifest) {
		s.Fatalf("%s: found %s %s, want %s", query, m.Name, m.Digest, o.Plan.Digest)
	}
	s.whole(m)
	return m
}

// whole checks every byte of a model, if the store can.
func (s *suite) whole(m *artifacts.Model) {
	s.Helper()
	c, ok := s.store.(artifacts.Checker)
	if !ok {
		return
	}
	damaged, err := c.Check(s.Context(), m, true)
	if err != nil || len(damaged) > 0 {
		s.Fatalf("%s is damaged: %+v, %v", m.Name, damaged, err)
	}
}

// names checks the names in the store, in order.
func (s *suite) names(want ...string) []*artifacts.Model {
	s.Helper()
	models, err := s.store.List(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	if len(models) != len(want) {
		s.Fatalf("%d models, want %d: %v", len(models), len(want), modelNames(models))
	}
	for i, m := range models {
		if m.Name != want[i] {
			s.Fatalf("got %q, want %q", modelNames(models), want)
		}
	}
	return models
}

func modelNames(models []*artifacts.Model) []string {
	names := make([]string, len(models))
	for i, m := range models {
		names[i] = m.Name
	}
	return names
}
