package staging

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/paddock-dev/paddock/artifacts"
)

// What a Fetch may use. The buffers of all workers together stay below bufferTotal, those of the hashers below 2 MiB.
const (
	maxJobs     = 64
	bufferTotal = 4 << 20
	maxBuffer   = 256 << 10
	maxHashers  = 4
	syncEvery   = 2 * time.Second
)

// fetch is one call of Fetch.
type fetch struct {
	area     *Area
	opts     Options
	progress artifacts.Progress
	log      *slog.Logger
	items    []*item
	buffer   int // bytes of each worker's buffer

	queue *queue
	gate  *gate
	disk  *budget
	slots slots
	waits *waits
	group *errgroup.Group

	mu   sync.Mutex
	live map[*attempt]struct{}
}

// Fetch makes every blob whole and verified in the area, and returns the batch that holds them there. A digest may be
// listed twice, with one size. A blob that another fetches is waited for.
//
// On failure the bytes that arrived are kept for the next attempt. The error wraps artifacts.ErrVerification if a blob's
// bytes are, after a second download in one piece, not what its digest or size promises; syscall.ENOSPC if the disk is
// full; and it is ctx's own if that ended. Otherwise it is what the origin said last.
func (a *Area) Fetch(ctx context.Context, blobs []artifacts.Blob, opts *Options) (*Batch, error) {
	items, err := a.itemsOf(blobs)
	if err != nil {
		return nil, err
	}
	if err := a.create(); err != nil {
		return nil, err
	}
	f := newFetch(a, items, opts)
	if err = f.run(ctx); err != nil {
		kept := f.giveUp()
		if ctx.Err() != nil {
			f.log.Warn("stopped", "error", errors.Join(err, kept))
			return nil, ctx.Err()
		}
		return nil, errors.Join(err, kept)
	}
	return newBatch(items), nil
}

func newFetch(a *Area, items []*item, opts *Options) *fetch {
	f := &fetch{area: a, items: items, live: make(map[*attempt]struct{})}
	if opts != nil {
		f.opts = *opts
	}
	if f.progress = f.opts.Progress; f.progress == nil {
		f.progress = nobody{}
	}
	if f.log = f.opts.Logger; f.log == nil {
		f.log = slog.New(slog.DiscardHandler)
	}
	jobs := f.opts.Jobs
	if jobs <= 0 {
		jobs = defaultJobs
	}
	jobs = min(jobs, maxJobs)
	f.opts.Jobs = jobs
	f.buffer = min(maxBuffer, bufferTotal/jobs)
	f.queue = newQueue(jobs, len(items))
	f.gate = newGate(jobs)
	f.disk = newBudget()
	f.slots = newSlots(min(max(runtime.GOMAXPROCS(0), 2), maxHashers))
	f.waits = &waits{progress: f.progress}
	return f
}

// run ends when every blob is whole, or with the first error.
func (f *fetch) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	f.group = group
	stop := context.AfterFunc(ctx, f.queue.wake)
	defer stop()
	aside, done := context.WithCancel(ctx)
	group.Go(func() error { return f.watch(aside) })
	group.Go(func() error { return f.checkpoints(aside) })
	group.Go(func() error { return f.admitAll(ctx) })
	group.Go(func() error {
		defer done()
		workers, ctx := errgroup.WithContext(ctx)
		stop := context.AfterFunc(ctx, f.queue.wake)
		defer stop()
		for range f.opts.Jobs {
			workers.Go(func() error { return f.work(ctx) })
		}
		return workers.Wait()
	})
	return group.Wait()
}

// checkpoints writes the journals, each time enough has arrived or some time has passed, until ctx ends.
func (f *fetch) checkpoints(ctx context.Context) error {
	ticker := time.NewTicker(syncEvery)
	defer ticker.Stop()
	for {
		select {
		case <-f.disk.kick:
			if f.disk.unsynced.Load() < syncUnsynced {
				continue
			}
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
		for _, at := range f.attempts() {
			if err := at.checkpoint(); err != nil {
				return err
			}
		}
	}
}

func (f *fetch) attempts() []*attempt {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]*attempt, 0, len(f.live))
	for at := range f.live {
		out = append(out, at)
	}
	return out
}

// start begins an attempt at a blob: alone, with nothing, or with what is there.
func (f *fetch) start(ctx context.Context, it *item, alone bool) error {
	at := &attempt{
		item: it, alone: alone, disk: f.disk, progress: f.progress,
		gone: make(chan struct{}), grown: make(chan struct{}, 1),
	}
	var err error
	if alone {
		at.file, err = newPart(it, f.opts.Label)
	} else {
		at.file, at.written, err = openPart(it, f.opts.Label, f.log)
	}
	if err != nil {
		return err
	}
	if it.attempt == nil {
		f.progress.Start(it.blob.Digest, it.blob.Size, at.written.total())
	}
	it.attempt = at
	f.mu.Lock()
	f.live[at] = struct{}{}
	f.mu.Unlock()
	f.queue.add(at)
	f.group.Go(func() error { return f.complete(ctx, at) })
	return nil
}

// complete follows an attempt to its end.
func (f *fetch) complete(ctx context.Context, at *attempt) error {
	err := at.follow(ctx, f.slots)
	if err == nil {
		err = at.publish()
	}
	switch {
	case errors.Is(err, errStale):
		return nil
	case errors.Is(err, artifacts.ErrVerification):
		return f.restart(ctx, at, err)
	case err != nil:
		return err
	}
	f.forget(at)
	return f.finish(at.item)
}

func (f *fetch) forget(at *attempt) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.live, at)
}

// finish lets those who wait for a blob have it, now that it is whole.
func (f *fetch) finish(it *item) error {
	if err := it.hold.endFetch(); err != nil {
		return err
	}
	f.progress.Finish(it.blob.Digest)
	f.queue.done()
	return nil
}

// restart gives an attempt up and begins one in a single request, unless why forbids it.
func (f *fetch) restart(ctx context.Context, at *attempt, why error) error {
	hopeless := at.alone && errors.Is(why, artifacts.ErrNoRange) && at.prefix() == 0
	first, err := at.kill()
	if err != nil || !first {
		return err
	}
	f.forget(at)
	f.queue.drop(at)
	it := at.item
	wrong := errors.Is(why, artifacts.ErrVerification)
	it.restarts++
	if hopeless || it.restarts > maxRestarts || wrong && it.suspect {
		return fmt.Errorf("fetching %s: %w", it.blob.Digest, why)
	}
	it.suspect = it.suspect || wrong
	f.log.Warn("starting over", "digest", it.blob.Digest, "reason", why)
	return f.start(ctx, it, true)
}

// giveUp keeps what arrived and lets every lock go.
func (f *fetch) giveUp() error {
	var errs []error
	for at := range f.live {
		errs = append(errs, at.leave())
	}
	for _, it := range f.items {
		errs = append(errs, it.abandon())
	}
	return errors.Join(errs...)
}

// nobody watches.
type nobody struct{}

var _ artifacts.Progress = nobody{}
