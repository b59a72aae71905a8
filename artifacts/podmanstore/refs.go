package podmanstore

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// refCache remembers what manifests name. A manifest never changes under its digest, so it is filled before the lock is
// taken, and the lock is not held while a thousand manifests are read.
type refCache struct {
	mu    sync.Mutex
	known map[digest.Digest]*atrest.Refs
}

func newRefCache() *refCache { return &refCache{known: map[digest.Digest]*atrest.Refs{}} }

func (c *refCache) forget(d digest.Digest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, d)
}

// manifestRefs returns what a manifest in the store names. The error wraps fs.ErrNotExist if it is not there now and was
// never seen.
func (s *Store) manifestRefs(d digest.Digest) (*atrest.Refs, error) {
	s.refs.mu.Lock()
	known := s.refs.known[d]
	s.refs.mu.Unlock()
	if known != nil {
		return known, nil
	}
	raw, err := s.readManifest(d)
	if err != nil {
		return nil, err
	}
	return s.learnRefs(d, raw)
}

// learnRefs fills the cache with a manifest that has the digest d.
func (s *Store) learnRefs(d digest.Digest, raw []byte) (*atrest.Refs, error) {
	refs, err := atrest.ParseRefs(raw)
	if err != nil {
		return nil, fmt.Errorf("parsing manifest %s: %w", d, err)
	}
	s.refs.mu.Lock()
	s.refs.known[d] = refs
	s.refs.mu.Unlock()
	return refs, nil
}

// warm fills the cache with what the index names now. What cannot be read is met again, and judged, under the lock.
func (s *Store) warm() {
	x, err := s.readIndex()
	if err != nil {
		return
	}
	if _, err := s.used(x); err != nil {
		s.logger.Debug("reading ahead", "store", s.root, "error", err)
	}
}

// used counts, for every blob and manifest that the index needs, the distinct manifests that name it. A manifest that is
// missing names nothing; one that is there but cannot be read makes the count unknown, which is an error.
func (s *Store) used(x *index) (map[digest.Digest]int, error) {
	count := map[digest.Digest]int{}
	seen := map[digest.Digest]bool{}
	var errs []error
	for i := range x.entries {
		e := &x.entries[i]
		if e.err != nil {
			errs = append(errs, fmt.Errorf("entry %d of the index: %w", i, e.err))
			continue
		}
		errs = append(errs, s.countRefs(e.desc.Digest, count, seen))
	}
	return count, errors.Join(errs...)
}

func (s *Store) countRefs(d digest.Digest, count map[digest.Digest]int, seen map[digest.Digest]bool) error {
	if seen[d] {
		return nil
	}
	seen[d] = true
	count[d]++
	refs, err := s.manifestRefs(d)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	for _, b := range refs.Blobs {
		count[b.Digest]++
	}
	var errs []error
	for _, c := range refs.Children {
		errs = append(errs, s.countRefs(c, count, seen))
	}
	return errors.Join(errs...)
}
