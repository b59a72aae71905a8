package dockerstore

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// landed is an image that is in Docker, and its names; it may have lost them all.
type landed struct {
	record
	names []string
}

// images asks Docker for its images: the names of each by its ID, "repository tag" as Docker has them.
func (s *Store) images(ctx context.Context) (map[string][]tagged, error) {
	var out bytes.Buffer
	if err := s.run(ctx, nil, &out, "image", "ls", "--all", "--no-trunc", "--format", "{{json .}}"); err != nil {
		return nil, fmt.Errorf("asking Docker for its images: %w", err)
	}
	all := map[string][]tagged{}
	for lines := json.NewDecoder(&out); lines.More(); {
		var line struct{ ID, Repository, Tag string }
		if err := lines.Decode(&line); err != nil {
			return nil, fmt.Errorf("reading what Docker says of its images: %w", err)
		}
		all[line.ID] = append(all[line.ID], tagged{line.Repository, line.Tag})
	}
	return all, nil
}

// tagged is a name as Docker lists it.
type tagged struct{ repository, tag string }

// landed returns the images that have records. Docker is not asked if there is none.
func (s *Store) landed(ctx context.Context) ([]landed, error) {
	records, err := s.records()
	if err != nil || len(records) == 0 {
		return nil, err
	}
	images, err := s.images(ctx)
	if err != nil {
		return nil, err
	}
	var all []landed
	for i := range records {
		tags, there := images[records[i].ID]
		if !there {
			continue
		}
		l := landed{record: records[i]}
		for _, t := range tags {
			if name := nameOf(t.repository, t.tag, l.digest()); name != "" {
				l.names = append(l.names, name)
			}
		}
		all = append(all, l)
	}
	return all, nil
}

// byDigest returns the image of a manifest, with or without names; nil if there is none.
func (s *Store) byDigest(ctx context.Context, d digest.Digest) (*landed, error) {
	all, err := s.landed(ctx)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(all, func(l landed) bool { return l.digest() == d }); i >= 0 {
		return &all[i], nil
	}
	return nil, nil
}

// List returns the models, one for each name, sorted by name.
func (s *Store) List(ctx context.Context) ([]*artifacts.Model, error) {
	all, err := s.landed(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing: %w", err)
	}
	var models []*artifacts.Model
	for i := range all {
		for _, name := range all[i].names {
			m, err := all[i].model(name)
			if err != nil {
				return nil, fmt.Errorf("listing: %w", err)
			}
			models = append(models, m)
		}
	}
	atrest.SortModels(models)
	return models, nil
}

// Find returns the model that a query names: see artifacts.Store.
func (s *Store) Find(ctx context.Context, query string) (*artifacts.Model, error) {
	found, err := s.match(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("finding %s: %w", query, err)
	}
	for _, f := range found[1:] {
		if f.digest() != found[0].digest() {
			return nil, fmt.Errorf("finding %w", ambiguous(query, found))
		}
	}
	m, err := found[0].model(found[0].name)
	if err != nil {
		return nil, fmt.Errorf("finding %s: %w", query, err)
	}
	return m, nil
}

// match is an image, and the name that a query found it under.
type match struct {
	*landed
	name string
}

// match returns the images that a query names, at least one, sorted by name.
func (s *Store) match(ctx context.Context, query string) ([]match, error) {
	all, err := s.landed(ctx)
	if err != nil {
		return nil, err
	}
	var named []match
	for i := range all {
		for _, name := range all[i].names {
			named = append(named, match{&all[i], name})
		}
	}
	var found []match
	for _, i := range atrest.Match(query, entries(named)) {
		found = append(found, named[i])
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%w among the images in Docker", artifacts.ErrNotFound)
	}
	return found, nil
}

func entries(named []match) []atrest.Entry {
	all := make([]atrest.Entry, len(named))
	for i, m := range named {
		all[i] = atrest.Entry{Name: m.name, Digest: m.digest()}
	}
	return all
}

func ambiguous(query string, found []match) error { return atrest.Ambiguous(query, entries(found)) }

// Usage says what the images cost: see artifacts.Meter. It is the bytes of their files; what Docker needs for them differs a
// little, and images that share layers need less. The downloads are counted by the store whose folder they are in.
func (s *Store) Usage(ctx context.Context, _ func(string)) (*artifacts.Usage, error) {
	all, err := s.landed(ctx)
	if err != nil {
		return nil, fmt.Errorf("measuring: %w", err)
	}
	u := &artifacts.Usage{}
	for i := range all {
		var own int64
		seen := map[digest.Digest]bool{}
		for _, f := range all[i].Files {
			if !seen[f.Digest] {
				seen[f.Digest] = true
				own += f.Size
			}
		}
		u.Blobs += own
		for _, name := range all[i].names {
			u.Models = append(u.Models, artifacts.ModelUsage{Name: name, Digest: all[i].digest(), Own: own})
		}
	}
	slices.SortFunc(u.Models, func(a, b artifacts.ModelUsage) int { return cmp.Compare(a.Name, b.Name) })
	return u, nil
}
