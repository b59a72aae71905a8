package memstore

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	imgspecv1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
)

// blobsOf returns the blobs that a model's manifest names. It was parsed when the model landed.
func blobsOf(m *artifacts.Model) []imgspecv1.Descriptor {
	var manifest imgspecv1.Manifest
	if json.Unmarshal(m.Manifest, &manifest) != nil {
		return nil
	}
	return append(manifest.Layers, manifest.Config)
}

// Tag implements artifacts.Tagger.
func (s *Store) Tag(_ context.Context, source *artifacts.Model, name artifacts.Name) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return fmt.Errorf("naming %s: %w", source.Digest, s.err)
	}
	if pin := name.Digest(); name.IsZero() || pin != "" && pin != source.Digest {
		return fmt.Errorf("naming %s %q: %w", source.Digest, name, artifacts.ErrInvalidName)
	}
	for _, m := range s.models {
		if m.Digest == source.Digest {
			tagged := clone(m)
			tagged.Name = name.String()
			tagged.Mount = artifacts.ArtifactMount{Source: tagged.Name}
			s.models[tagged.Name] = tagged
			s.sweep()
			return nil
		}
	}
	return fmt.Errorf("naming %s %s: %w", source.Digest, name, artifacts.ErrNotFound)
}

// Locate implements artifacts.Locator: with a path that no machine has.
func (s *Store) Locate(_ *artifacts.Model, f *artifacts.File) (string, error) {
	return "/memory/" + f.Digest.Encoded(), nil
}

// Check implements artifacts.Checker.
func (s *Store) Check(_ context.Context, m *artifacts.Model, verify bool) ([]artifacts.Damage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, fmt.Errorf("checking %s: %w", m.Name, s.err)
	}
	var damaged []artifacts.Damage
	for _, b := range blobsOf(m) {
		damage := artifacts.Damage{Digest: b.Digest, Size: b.Size}
		data, there := s.blobs[b.Digest]
		switch {
		case !there:
			damage.Problem = "missing"
		case verify && b.Digest.Algorithm().FromBytes(data) != b.Digest:
			damage.Problem = "has other bytes"
		default:
			continue
		}
		damaged = append(damaged, damage)
	}
	return damaged, nil
}

// Discard implements artifacts.Checker.
func (s *Store) Discard(_ context.Context, damaged []artifacts.Damage) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return fmt.Errorf("discarding damaged blobs: %w", s.err)
	}
	for i := range damaged {
		delete(s.blobs, damaged[i].Digest)
	}
	return nil
}

// OpenFile implements artifacts.Reader.
func (s *Store) OpenFile(_ context.Context, m *artifacts.Model, f *artifacts.File) (artifacts.ReadAtCloser, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, 0, fmt.Errorf("opening %s of %s: %w", f.Path, m.Name, s.err)
	}
	data, there := s.blobs[f.Digest]
	if !there {
		return nil, 0, fmt.Errorf("opening %s of %s: %w", f.Path, m.Name, artifacts.ErrNotFound)
	}
	return openBlob{bytes.NewReader(data)}, int64(len(data)), nil
}

type openBlob struct{ *bytes.Reader }

// Close does nothing.
func (openBlob) Close() error { return nil }
