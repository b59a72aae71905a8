package podmanstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// record is an entry with its manifest, as read under the lock.
type record struct {
	entry    entry
	manifest []byte
	err      error
	derived  []byte // the manifest that was derived from it; nil if there is none
}

// List returns every entry, also those that lost their name (Name is ""), sorted by name. Derived artifacts
// are not listed: they are how their origins are mounted. An entry that cannot be read hides no other: its
// Packaging.Unservable says why.
func (s *Store) List(ctx context.Context) ([]*artifacts.Model, error) {
	records, err := s.records(ctx, func(*entry) bool { return true })
	if err != nil {
		return nil, fmt.Errorf("listing: %w", err)
	}
	models := make([]*artifacts.Model, len(records))
	err = atrest.Each(ctx, len(records), func(i int) { models[i] = s.describe(&records[i]) })
	if err != nil {
		return nil, fmt.Errorf("listing: %w", err)
	}
	atrest.SortModels(models)
	return models, nil
}

// records reads the entries that match, and their manifests. Only that happens under the lock.
func (s *Store) records(ctx context.Context, match func(*entry) bool) ([]record, error) {
	lock, err := s.lockRead(ctx, nil, forever)
	if err != nil {
		return nil, err
	}
	defer lock.Release()
	x, err := s.readIndex()
	if err != nil {
		return nil, err
	}
	var records []record
	derived := x.derived()
	for i := range x.entries {
		if e := &x.entries[i]; e.origin() == "" && match(e) {
			r := s.record(e)
			s.attach(&r, derived[e.desc.Digest])
			records = append(records, r)
		}
	}
	return records, nil
}

func (s *Store) record(e *entry) record {
	if e.err != nil {
		return record{entry: *e, err: fmt.Errorf("reading the entry %s: %w", abridge(e.raw), e.err)}
	}
	raw, err := s.readManifest(e.desc.Digest)
	return record{entry: *e, manifest: raw, err: err}
}

func (s *Store) describe(r *record) *artifacts.Model {
	err := r.err
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("manifest %s is missing", r.entry.desc.Digest)
	}
	m := s.model(&r.entry, r.entry.name(), r.manifest, err)
	s.adopt(m, r.derived)
	return m
}

// abridge makes a text of others short enough for a message.
func abridge(raw []byte) string {
	const most = 80
	if len(raw) > most {
		return fmt.Sprintf("%.*q…", most, raw)
	}
	return fmt.Sprintf("%q", raw)
}
