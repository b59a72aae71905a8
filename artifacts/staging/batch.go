package staging

import (
	"errors"
	"sync"

	"github.com/opencontainers/go-digest"
)

// Batch holds the blobs of one Fetch in the area, until Close.
type Batch struct {
	blobs map[digest.Digest]*item

	mu     sync.Mutex
	closed bool
}

func newBatch(items []*item) *Batch {
	b := &Batch{blobs: make(map[digest.Digest]*item, len(items))}
	for _, it := range items {
		b.blobs[it.blob.Digest] = it
	}
	return b
}

// Path returns the staged file of a blob: whole, verified, mode 0644, synced; "" for a digest that was not fetched. It is
// valid until Close, and is on the area's file system, so it can be linked or renamed to where it is to stay.
func (b *Batch) Path(d digest.Digest) string {
	it, ok := b.blobs[d]
	if !ok {
		return ""
	}
	return it.place.blob()
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
	for _, it := range b.blobs {
		errs = append(errs, it.letGo())
	}
	return errors.Join(errs...)
}

// letGo releases a whole blob, then removes it if nobody else holds it or waits for it. In this order the last of several
// that close at the same time always finds itself alone.
func (it *item) letGo() error {
	if err := it.hold.release(); err != nil {
		return err
	}
	it.hold = nil
	h, err := tryAlone(it.place.lock())
	if h == nil {
		return err
	}
	err = removeAll(it.place.blob())
	return errors.Join(err, it.place.dropLock(), h.release())
}

// abandon lets a blob go after a failed Fetch: what is there of it stays, but a lock file alone does not.
func (it *item) abandon() error {
	if it.hold == nil {
		return nil
	}
	err := it.hold.release()
	it.hold = nil
	return errors.Join(err, it.place.tidyLock())
}
