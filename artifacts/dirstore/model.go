package dirstore

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// model describes a layout. One whose manifest cannot be read is still a model, so that it can be seen, repaired and
// removed.
func (s *Store) model(r *record) *artifacts.Model {
	m := &artifacts.Model{Name: r.layout.name.String(), Digest: r.digest, Store: Word, Mount: artifacts.BindMount{}}
	switch {
	case errors.Is(r.err, fs.ErrNotExist):
		atrest.Unreadable(m, fmt.Errorf("the manifest %s is missing", r.layout.file(manifestFile)))
	case r.err != nil:
		atrest.Unreadable(m, fmt.Errorf("reading manifest %s: %w", r.layout.file(manifestFile), r.err))
	default:
		s.describe(m, r)
		s.adopt(m, r)
		var err error
		if m.Mount, err = mount(m, &r.layout); err != nil {
			atrest.Unreadable(m, err)
		}
	}
	return m
}

// describe says what the publisher's manifest says.
func (s *Store) describe(m *artifacts.Model, r *record) {
	atrest.Describe(m, r.manifest, func(b *atrest.Blob) ([]byte, error) { return s.readConfig(&r.layout, b) })
}

// mount says which file of the host each file of the model is: the layer as it is stored, whatever its Encoding.
func mount(m *artifacts.Model, l *layout) (artifacts.BindMount, error) {
	files := make(map[string]string, len(m.Packaging.Files))
	for i := range m.Packaging.Files {
		f := &m.Packaging.Files[i]
		path, err := l.blob(f.Digest)
		if err != nil {
			return artifacts.BindMount{}, fmt.Errorf("mounting %s: %w", f.Path, err)
		}
		files[f.Path] = path
	}
	return artifacts.BindMount{Files: files}, nil
}

// MountAs says where the files of a model are under another name: see artifacts.Placer.
func (s *Store) MountAs(m *artifacts.Model, name artifacts.Name) (artifacts.Mount, error) {
	l := s.layoutOf(name)
	return mount(m, &l)
}

func (s *Store) readConfig(l *layout, b *atrest.Blob) ([]byte, error) {
	path, err := l.blob(b.Digest)
	var data []byte
	if err == nil {
		data, err = atrest.ReadVerified(path, b.Digest, atrest.MaxConfig)
	}
	if err != nil {
		s.logger.Debug("describing a model without its config", "digest", b.Digest, "error", err)
	}
	return data, err
}
