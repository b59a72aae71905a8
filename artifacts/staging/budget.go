package staging

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

// What a crash may cost at most, and when a checkpoint begins. Between the two a download goes on while the one before
// is synced: a disk that is slower than the network slows the network, instead of widening the loss.
const (
	maxUnsynced  = 24 << 20
	syncUnsynced = 8 << 20
)

// budget bounds the bytes that are written but not yet in a journal, over all blobs of a Fetch.
type budget struct {
	room     *semaphore.Weighted
	unsynced atomic.Int64
	kick     chan struct{} // has a token when a checkpoint is due
}

func newBudget() *budget {
	return &budget{room: semaphore.NewWeighted(maxUnsynced), kick: make(chan struct{}, 1)}
}

// take waits until n bytes may be written.
func (b *budget) take(ctx context.Context, n int64) error { return b.room.Acquire(ctx, n) }

// free gives back what was taken and not written.
func (b *budget) free(n int64) { b.room.Release(n) }

// wrote says that n bytes of what was taken are in the file.
func (b *budget) wrote(n int64) {
	if b.unsynced.Add(n) >= syncUnsynced {
		b.wake()
	}
}

// synced says that n written bytes are in a journal, or need not be any more.
func (b *budget) synced(n int64) {
	b.unsynced.Add(-n)
	b.room.Release(n)
}

// wake makes a checkpoint due.
func (b *budget) wake() {
	select {
	case b.kick <- struct{}{}:
	default:
	}
}
