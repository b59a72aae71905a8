package podmanstore

import (
	"context"
	"errors"

	"github.com/opencontainers/go-digest"
)

// sweeping takes the blobs of manifests that lost an entry out of the store, except those that the index needs. It does so
// in turns, each under the lock, so that nobody waits for a model of thousands of layers. A blob that comes to be needed
// between two turns stays. A process that ends between them leaves blobs that Diagnose finds.
type sweeping struct {
	store *Store
	todo  []digest.Digest
	moved bool // something may be in the trash
}

// sweeping collects what may go. It reads manifests, which the cache has if warm was called.
func (s *Store) sweeping(displaced []digest.Digest) *sweeping {
	mine := map[digest.Digest]int{}
	seen := map[digest.Digest]bool{}
	for _, d := range displaced {
		if err := s.countRefs(d, mine, seen); err != nil {
			s.logger.Warn("keeping blobs that may be unused", "manifest", d, "error", err)
		}
	}
	w := &sweeping{store: s}
	for d := range mine {
		w.todo = append(w.todo, d)
	}
	return w
}

// turn moves blobs that the index x does not need out of the store, at most atOnce of them. It runs under the lock, after
// x was read or written. They are moved aside, a rename each; finish deletes them. When it cannot be known what x needs,
// nothing goes: Diagnose finds the blobs later.
func (w *sweeping) turn(x *index) error {
	if len(w.todo) == 0 {
		return nil
	}
	used, err := w.store.used(x)
	if err != nil {
		w.store.logger.Warn("keeping blobs that may be unused", "store", w.store.root, "error", err)
		w.todo = nil
		return nil
	}
	var errs []error
	for n := 0; n < atOnce && len(w.todo) > 0; {
		d := w.todo[0]
		w.todo = w.todo[1:]
		if used[d] == 0 {
			errs = append(errs, w.store.discard(d))
			n++
		}
	}
	w.moved = true
	return errors.Join(errs...)
}

// turnOrWarn is turn after a change that must not be reported as failed: the index is written.
func (w *sweeping) turnOrWarn(x *index) {
	if err := w.turn(x); err != nil {
		w.store.logger.Warn("keeping unused blobs", "store", w.store.root, "error", err)
	}
}

// finish deletes, without the lock, what was moved aside, and takes the lock for further turns. Deleting between the turns
// gives others the time to take the lock.
func (w *sweeping) finish(ctx context.Context, wait func(string)) error {
	var errs []error
	for {
		if w.moved {
			if err := w.store.emptyTrash(); err != nil {
				w.store.logger.Warn("leaving removed blobs", "error", err)
			}
		}
		if len(w.todo) == 0 {
			return errors.Join(errs...)
		}
		lock, err := w.store.lockWrite(ctx, wait)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		x, err := w.store.readIndex()
		if err == nil {
			err = w.turn(x)
		} else {
			w.todo = nil
		}
		lock.Release()
		errs = append(errs, err)
	}
}

// discard moves a blob out of the store. One that is not there is fine.
func (s *Store) discard(d digest.Digest) error {
	path, err := s.blobPath(d)
	if err != nil {
		s.logger.Warn("ignoring a malformed digest", "store", s.root, "error", err)
		return nil
	}
	return s.moveToTrash(path)
}
