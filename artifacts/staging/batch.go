package staging

import (
	"errors"
	"sync"

	"github.com/opencontainers/go-digest"
)

// Batch holds the blobs of one Fetch in the area, until Close.
type Batch struct {
	items []*item
	blobs map[digest.Digest]*item

	mu     sync.Mutex
	closed bool
}

func newBatch(items []*item) *Batch {
	b := &Batch{items: items, blobs: make(map[digest.Digest]*item, len(items))}
	for _, it := range items {
		b.blobs[it.digest()] = it
	}
	return b
}

// digest is what the blob's bytes hash to.
func (it *item) digest() digest.Digest {
	if it.found != nil {
		return it.found.Digest
	}
	return it.blob.Digest
}

// Path returns the staged file of a blob: whole, verified, mode 0644, synced; "" for a digest that was not fetched. It is
// valid until Close, and is on the area's file system, so it can be linked or renamed to where it is to stay.
func (b *Batch) Path(d digest.Digest) string {
	it, ok := b.blobs[d]
	if !ok {
		return ""
	}
	return it.rest().place.blob()
}

// Close lets the blobs go. Staged files that no other batch, of any process, holds are removed. Closing twice does nothing.
func (b *Batch) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil
	}
	b.closed = true
	var errs []error
	for _, it := range b.items {
		errs = append(errs, it.letGo())
	}
	return errors.Join(errs...)
}

// letGo releases a whole blob, then removes it if nobody else holds it or waits for it. In this order the last of several
// that close at the same time always finds itself alone.
func (it *item) letGo() error {
	rest := it.rest()
	if err := rest.hold.release(); err != nil {
		return err
	}
	if it.found != nil {
		it.found.hold = nil
		if err := it.abandon(); err != nil { // the lock of its identity
			return err
		}
	}
	it.hold = nil
	h, err := tryAlone(rest.place.lock())
	if h == nil {
		return err
	}
	err = removeAll(rest.place.blob())
	return errors.Join(err, rest.place.dropLock(), h.release())
}

// rest is where the whole blob lies, and what holds it there.
func (it *item) rest() *found {
	if it.found != nil {
		return it.found
	}
	return &found{place: it.place, hold: it.hold}
}

// abandon lets a blob go after a failed Fetch: what is there of it stays, but a lock file alone does not.
func (it *item) abandon() error {
	var errs []error
	if it.found != nil && it.found.hold != nil {
		errs = append(errs, it.found.hold.release()) // the blob stays, whole
		it.found.hold = nil
	}
	if it.hold != nil {
		if it.pending != nil && it.pending.Identity == "" {
			errs = append(errs, it.place.drop()) // nobody could go on with it
		}
		errs = append(errs, it.hold.release(), it.place.tidyLock())
		it.hold = nil
	}
	return errors.Join(errs...)
}
