package dirstore

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// Tag gives a manifest that the store has one more layout, of hard links: see artifacts.Tagger. A blob that the source lacks
// the new name lacks, too.
func (s *Store) Tag(ctx context.Context, source *artifacts.Model, name artifacts.Name) error {
	err := s.tag(ctx, source, name)
	if err != nil {
		return fmt.Errorf("naming %s %s: %w", source.Digest, name, err)
	}
	return nil
}

func (s *Store) tag(ctx context.Context, source *artifacts.Model, name artifacts.Name) error {
	if name.IsZero() {
		return fmt.Errorf("%w: no name", artifacts.ErrInvalidName)
	}
	if err := atrest.CheckPin(name, source.Digest); err != nil {
		return err
	}
	target := s.layoutOf(name)
	// Whether there is anything to do is found out without making the store.
	lock, err := s.lock.Read(ctx, nil, atrest.Forever)
	if err != nil {
		return err
	}
	c, err := s.tagging(source, target)
	lock.Release()
	if err != nil || c == nil {
		return err
	}
	if lock, err = s.lock.Write(ctx, nil); err != nil {
		return err
	}
	if c, err = s.tagging(source, target); err == nil && c != nil {
		err = c.run()
	}
	lock.Release()
	if err != nil {
		return err
	}
	return s.settle(filepath.Dir(target.dir))
}

// tagging returns what is to be done to name the source so; nil if nothing is. The caller holds the lock.
func (s *Store) tagging(source *artifacts.Model, target layout) (*commit, error) {
	from, err := s.holder(source)
	if err != nil || from.layout.dir == target.dir {
		return nil, err
	}
	c := &commit{
		store: s, target: target, digest: from.digest, manifest: from.manifest, partly: true,
		source: func(d digest.Digest) (string, error) { return from.layout.blob(d) },
	}
	if from.derived != nil {
		c.derived = from.unpacked
	}
	if c.blobs, err = from.needs(); err != nil {
		return nil, err
	}
	if same, err := c.isThere(); same || err != nil {
		return nil, err
	}
	return c, nil
}

// holder returns a layout that has the manifest of a model, the model's own if it still does.
func (s *Store) holder(m *artifacts.Model) (*record, error) {
	if name, err := artifacts.ParseName(m.Name); err == nil {
		r, err := s.named(name)
		if err != nil || r != nil && r.err == nil && r.digest == m.Digest {
			return r, err
		}
	}
	records, err := s.records()
	if err != nil {
		return nil, err
	}
	for i := range records {
		if r := &records[i]; r.err == nil && r.digest == m.Digest {
			return r, nil
		}
	}
	return nil, fmt.Errorf("%w in %s", artifacts.ErrNotFound, s.root)
}
