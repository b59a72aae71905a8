package podmanstore

import (
	"fmt"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// maxConfig bounds the config blobs that are read to describe a model, in bytes. A Kitfile or an image's config has a few KiB.
const maxConfig = 256 << 10

// model describes an entry. err is what kept its manifest from being read: the model is still listed, so that it can be
// seen, repaired and removed.
func (s *Store) model(e *entry, name string, manifest []byte, err error) *artifacts.Model {
	m := &artifacts.Model{
		Name: name, Kind: artifacts.KindArtifact, Digest: e.desc.Digest, Store: Word,
		Mount: artifacts.ArtifactMount{Source: source(e, name)},
	}
	if err != nil {
		m.Packaging = unreadable(err)
		return m
	}
	m.Manifest = manifest
	refs, err := parseRefs(manifest)
	if err != nil {
		m.Packaging = unreadable(fmt.Errorf("parsing manifest %s: %w", e.desc.Digest, err))
		return m
	}
	for _, b := range refs.blobs {
		m.Size += b.Size
	}
	m.Annotations = refs.annotations
	if len(refs.annotations) > 0 {
		m.Created = packaging.Created(manifest)
	}
	parsed, err := s.parse(manifest, refs.config)
	if err != nil {
		m.Packaging = unreadable(fmt.Errorf("parsing manifest %s: %w", e.desc.Digest, err))
		return m
	}
	m.Packaging = *parsed
	if isImage(parsed.Format) {
		m.Kind = artifacts.KindImage
	}
	return m
}

// source is how Podman is asked for an entry: by name, or by digest where there is no name.
func source(e *entry, name string) string {
	if name == "" && e.desc.Digest != "" {
		return e.desc.Digest.Encoded()
	}
	return name
}

func unreadable(err error) packaging.Model {
	return packaging.Model{Format: packaging.Unknown, Unservable: fmt.Errorf("%w: %w", packaging.ErrUnservable, err)}
}

func isImage(f packaging.Format) bool {
	return f == packaging.Image || f == packaging.ModelCar || f == packaging.RamaLamaImage
}

// parse reads the config blob only for the packagings that depend on it, when it is whole and right; without it
// packaging.Parse knows less, but fails no more.
func (s *Store) parse(manifest []byte, config *blobRef) (*packaging.Model, error) {
	m, err := packaging.Parse(manifest, nil)
	if err != nil || config == nil || m.Format != packaging.ModelKit && m.Format != packaging.Image {
		return m, err
	}
	data, err := s.readVerified(config.Digest, maxConfig)
	if err != nil {
		s.logger.Debug("describing a model without its config", "digest", config.Digest, "error", err)
		return m, nil
	}
	return packaging.Parse(manifest, data)
}
