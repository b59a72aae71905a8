// Package memstore is an artifacts.Store in memory, for tests of what uses a store.
package memstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// Store is a store in memory. The zero Store is not usable; see New.
type Store struct {
	word    string
	kind    artifacts.Kind
	mu      sync.Mutex
	err     error
	models  map[string]*artifacts.Model
	blobs   map[digest.Digest][]byte
	fetches sync.Mutex // one landing at a time: a blob is never fetched twice
}

var (
	_ artifacts.Store   = (*Store)(nil)
	_ artifacts.Tagger  = (*Store)(nil)
	_ artifacts.Remover = (*Store)(nil)
	_ artifacts.Reader  = (*Store)(nil)
	_ artifacts.Checker = (*Store)(nil)
)

// New returns an empty store of artifacts, which calls itself "memory".
func New() *Store { return NewOf("memory", artifacts.KindArtifact) }

// NewOf returns an empty store that calls itself word, and takes models of one kind.
func NewOf(word string, kind artifacts.Kind) *Store {
	return &Store{word: word, kind: kind, models: map[string]*artifacts.Model{}, blobs: map[digest.Digest][]byte{}}
}

// Fail makes every later call return err, as a store does that cannot be read; nil ends that.
func (s *Store) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// Land implements artifacts.Store.
func (s *Store) Land(ctx context.Context, plan *artifacts.Plan, opts *artifacts.LandOptions) (*artifacts.Model, error) {
	s.fetches.Lock()
	defer s.fetches.Unlock()
	if len(plan.Pending) > 0 {
		whole, err := complete(ctx, plan)
		if err != nil {
			return nil, fmt.Errorf("landing %s: %w", plan.Name, err)
		}
		plan = whole
	}
	m, err := s.landing(plan)
	if err != nil {
		return nil, fmt.Errorf("landing %s: %w", plan.Name, err)
	}
	var progress artifacts.Progress = silent{}
	if opts != nil && opts.Progress != nil {
		progress = opts.Progress
	}
	fetched := map[digest.Digest][]byte{}
	for i := range plan.Blobs {
		b := &plan.Blobs[i]
		data, err := s.fetch(ctx, b, progress)
		if err != nil {
			return nil, fmt.Errorf("landing %s: %w", plan.Name, err)
		}
		fetched[b.Digest] = data
		m.Size += b.Size
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.Copy(s.blobs, fetched)
	s.models[m.Name] = m
	s.sweep()
	return clone(m), nil
}

func (s *Store) landing(plan *artifacts.Plan) (*artifacts.Model, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, s.err
	}
	switch {
	case plan.Kind == s.kind:
	case plan.Kind == artifacts.KindImage:
		return nil, artifacts.ErrIsImage
	default:
		return nil, fmt.Errorf("it is of the kind %q, not %q", plan.Kind, s.kind)
	}
	if d := digest.FromBytes(plan.Manifest); d != plan.Digest {
		return nil, fmt.Errorf("%w: the manifest has digest %s, not %s", artifacts.ErrVerification, d, plan.Digest)
	}
	parsed, err := packaging.Parse(plan.Manifest, nil)
	if err != nil {
		return nil, err
	}
	name := plan.Name.String()
	return &artifacts.Model{
		Name: name, Kind: plan.Kind, Digest: plan.Digest, Store: s.word, Packaging: *parsed, Manifest: plan.Manifest,
		Created: packaging.Created(plan.Manifest), Annotations: packaging.Annotations(plan.Manifest),
		Mount: artifacts.ArtifactMount{Source: name},
	}, nil
}

// fetch returns a blob, whole and verified.
func (s *Store) fetch(ctx context.Context, b *artifacts.Blob, progress artifacts.Progress) ([]byte, error) {
	s.mu.Lock()
	data, there := s.blobs[b.Digest]
	s.mu.Unlock()
	if there {
		progress.Start(b.Digest, b.Size, b.Size)
		progress.Finish(b.Digest)
		return data, nil
	}
	progress.Start(b.Digest, b.Size, 0)
	data, err := read(ctx, b)
	if err != nil {
		return nil, fmt.Errorf("fetching %s: %w", b.Digest, err)
	}
	if int64(len(data)) != b.Size || b.Digest.Algorithm().FromBytes(data) != b.Digest {
		return nil, fmt.Errorf("fetching %s: %w", b.Digest, artifacts.ErrVerification)
	}
	progress.Advance(b.Digest, b.Size)
	progress.Finish(b.Digest)
	return data, nil
}

func read(ctx context.Context, b *artifacts.Blob) (_ []byte, err error) {
	if err := b.Digest.Validate(); err != nil {
		return nil, err
	}
	if b.Data != nil {
		return b.Data, nil
	}
	r, err := b.Open(ctx, 0, -1)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return io.ReadAll(io.LimitReader(r, b.Size+1))
}

// List implements artifacts.Store.
func (s *Store) List(context.Context) ([]*artifacts.Model, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, fmt.Errorf("listing: %w", s.err)
	}
	var all []*artifacts.Model
	for _, name := range slices.Sorted(maps.Keys(s.models)) {
		all = append(all, clone(s.models[name]))
	}
	return all, nil
}

// Find implements artifacts.Store.
func (s *Store) Find(_ context.Context, query string) (*artifacts.Model, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := s.match(query)
	if err != nil {
		return nil, fmt.Errorf("finding %s: %w", query, err)
	}
	for _, m := range found[1:] {
		if m.Digest != found[0].Digest {
			return nil, fmt.Errorf("finding %s: %w", query, ambiguous(found))
		}
	}
	return clone(found[0]), nil
}

// Remove implements artifacts.Store.
func (s *Store) Remove(ctx context.Context, query string) error {
	r := &artifacts.Removal{Query: query}
	s.RemoveAll(ctx, []*artifacts.Removal{r})
	return r.Err
}

// RemoveAll implements artifacts.Remover.
func (s *Store) RemoveAll(_ context.Context, all []*artifacts.Removal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range all {
		r.Err = s.remove(r)
		r.Gone = r.Err == nil
	}
}

func (s *Store) remove(r *artifacts.Removal) error {
	found, err := s.match(r.Query)
	if err == nil && len(found) > 1 {
		err = ambiguous(found)
	}
	if err != nil {
		return fmt.Errorf("removing %s: %w", r.Query, err)
	}
	if err := r.Admits(found[0].Name, found[0].Digest); err != nil {
		return err
	}
	delete(s.models, found[0].Name)
	s.sweep()
	return nil
}

// match returns the models that a query names, at least one.
func (s *Store) match(query string) ([]*artifacts.Model, error) {
	if s.err != nil {
		return nil, s.err
	}
	if m := s.models[query]; m != nil {
		return []*artifacts.Model{m}, nil
	}
	name, err := artifacts.ParseName(query)
	if err == nil {
		if m := s.models[name.String()]; m != nil {
			return []*artifacts.Model{m}, nil
		}
	}
	hex := strings.TrimPrefix(query, "sha256:")
	isHex := hex != "" && strings.Trim(hex, "0123456789abcdef") == ""
	var found []*artifacts.Model
	for _, key := range slices.Sorted(maps.Keys(s.models)) {
		m := s.models[key]
		pinned := err == nil && name.Digest() == m.Digest && repository(m) == name.Repository()
		if pinned || isHex && strings.HasPrefix(m.Digest.Encoded(), hex) {
			found = append(found, m)
		}
	}
	if len(found) == 0 {
		return nil, artifacts.ErrNotFound
	}
	return found, nil
}

func repository(m *artifacts.Model) string {
	name, err := artifacts.ParseName(m.Name)
	if err != nil {
		return ""
	}
	return name.Repository()
}

func ambiguous(found []*artifacts.Model) error {
	names := make([]string, len(found))
	for i, m := range found {
		names[i] = m.Name
	}
	return fmt.Errorf("%w: %s", artifacts.ErrAmbiguous, strings.Join(names, ", "))
}

// sweep drops the blobs that no model names.
func (s *Store) sweep() {
	used := map[digest.Digest]bool{}
	for _, m := range s.models {
		for _, d := range blobsOf(m) {
			used[d.Digest] = true
		}
	}
	maps.DeleteFunc(s.blobs, func(d digest.Digest, _ []byte) bool { return !used[d] })
}

func clone(m *artifacts.Model) *artifacts.Model {
	c := *m
	return &c
}
