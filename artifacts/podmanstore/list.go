package podmanstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/paddock-dev/paddock/artifacts"
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
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for part := range slices.Chunk(indices(len(records)), 64) {
		g.Go(func() error {
			for _, i := range part {
				models[i] = s.describe(&records[i])
			}
			return ctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("listing: %w", err)
	}
	sortModels(models)
	return models, nil
}

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func sortModels(models []*artifacts.Model) {
	slices.SortStableFunc(models, func(a, b *artifacts.Model) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Digest, b.Digest))
	})
}

// records reads the entries that match, and their manifests. Only that happens under the lock.
func (s *Store) records(ctx context.Context, match func(*entry) bool) ([]record, error) {
	lock, err := s.lockRead(ctx, nil, forever)
	if err != nil {
		return nil, err
	}
	defer lock.release()
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
