package podmanstore

import (
	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// model describes an entry. err is what kept its manifest from being read: the model is still listed, so that it can be
// seen, repaired and removed.
func (s *Store) model(e *entry, name string, manifest []byte, err error) *artifacts.Model {
	m := &artifacts.Model{
		Name: name, Digest: e.desc.Digest, Store: Word, Mount: artifacts.ArtifactMount{Source: source(e, name)},
	}
	if err != nil {
		atrest.Unreadable(m, err)
		return m
	}
	atrest.Describe(m, manifest, s.readConfig)
	return m
}

// source is how Podman is asked for an entry: by name, or by digest where there is no name.
func source(e *entry, name string) string {
	if name == "" && e.desc.Digest != "" {
		return e.desc.Digest.Encoded()
	}
	return name
}

func (s *Store) readConfig(ref *atrest.Blob) ([]byte, error) {
	data, err := s.readVerified(ref.Digest, atrest.MaxConfig)
	if err != nil {
		s.logger.Debug("describing a model without its config", "digest", ref.Digest, "error", err)
	}
	return data, err
}
