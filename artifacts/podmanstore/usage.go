package podmanstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// Usage adds up the store: see artifacts.Meter.
func (s *Store) Usage(ctx context.Context, wait func(reason string)) (*artifacts.Usage, error) {
	lock, err := s.lockRead(ctx, wait, forever)
	if err != nil {
		return nil, fmt.Errorf("measuring %s: %w", s.root, err)
	}
	u, err := s.usage()
	lock.Release()
	if err != nil {
		return nil, fmt.Errorf("measuring %s: %w", s.root, err)
	}
	if u.Staging, err = atrest.StagingBytes(s.area); err != nil {
		return nil, fmt.Errorf("measuring %s: %w", s.work.staging, err)
	}
	slices.SortFunc(u.Models, func(a, b artifacts.ModelUsage) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Digest, b.Digest))
	})
	return u, nil
}

func (s *Store) usage() (*artifacts.Usage, error) {
	x, err := s.readIndex()
	if err != nil {
		return nil, err
	}
	used, err := s.used(x)
	if err != nil {
		s.logger.Warn("measuring without unreadable entries", "store", s.root, "error", err)
	}
	u := &artifacts.Usage{}
	sizes, err := s.sizes(u, used)
	if err != nil {
		return nil, err
	}
	for i := range x.entries {
		e := &x.entries[i]
		if e.err != nil || e.origin() != "" {
			continue
		}
		u.Models = append(u.Models, s.modelUsage(e, x.derivedFrom(e.desc.Digest), used, sizes))
	}
	l, err := s.newLook(&artifacts.DoctorOptions{Grace: -1})
	if err != nil {
		return nil, err
	}
	temps, _ := l.temps()
	for _, f := range temps {
		u.Leftovers += f.Bytes
	}
	return u, nil
}

// sizes returns the bytes of each blob on disk, and adds them up.
func (s *Store) sizes(u *artifacts.Usage, used map[digest.Digest]int) (map[digest.Digest]int64, error) {
	blobs, err := s.blobFiles()
	if err != nil {
		return nil, err
	}
	sizes := map[digest.Digest]int64{}
	for algorithm, files := range blobs {
		for i := range files {
			d := digest.NewDigestFromEncoded(digest.Algorithm(algorithm), files[i].name)
			if d.Validate() != nil {
				continue
			}
			sizes[d] = files[i].bytes
			u.Blobs += files[i].bytes
			if used[d] == 0 {
				u.Orphans += files[i].bytes
			}
		}
	}
	return sizes, nil
}

// modelUsage measures an entry together with what was derived from it, which may be nil.
func (s *Store) modelUsage(
	e *entry, derived *descriptor, used map[digest.Digest]int, sizes map[digest.Digest]int64,
) artifacts.ModelUsage {
	m := artifacts.ModelUsage{Name: e.name(), Digest: e.desc.Digest}
	mine, seen := map[digest.Digest]int{}, map[digest.Digest]bool{}
	err := s.countRefs(e.desc.Digest, mine, seen)
	if derived != nil {
		err = errors.Join(err, s.countRefs(derived.Digest, mine, seen))
	}
	if err != nil {
		s.logger.Debug("measuring a model by its manifest alone", "name", m.Name, "error", err)
	}
	for d, n := range mine {
		if used[d] > n {
			m.Shared += sizes[d]
		} else {
			m.Own += sizes[d]
		}
	}
	return m
}
