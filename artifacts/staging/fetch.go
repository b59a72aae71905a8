package staging

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/paddock-dev/paddock/artifacts"
)

// What a Fetch may use. The buffers of all workers together stay below bufferTotal, those of the hashers below 2 MiB.
const (
	maxJobs     = 64
	bufferTotal = 4 << 20
	maxBuffer   = 256 << 10
	maxHashers  = 4
)

// fetch is one call of Fetch.
type fetch struct {
	area     *Area
	opts     Options
	progress artifacts.Progress
	log      *slog.Logger
	items    []*item
	buffer   int // bytes of each worker's buffer

	queue  *queue
	gate   *gate
	disk   *budget
	slots  slots
	waits  *waits
	speeds speeds
	group  *errgroup.Group

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
	return a.fetch(ctx, items, opts)
}

// fetch makes the items whole.
func (a *Area) fetch(ctx context.Context, items []*item, opts *Options) (*Batch, error) {
	if err := a.create(); err != nil {
		return nil, err
	}
	f := newFetch(a, items, opts)
	if err := f.run(ctx); err != nil {
		kept := f.giveUp()
		if ctx.Err() != nil {
			f.log.Debug("stopped", "error", errors.Join(err, kept))
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
	var workers sync.WaitGroup
	for range f.opts.Jobs {
		workers.Add(1)
		group.Go(func() error {
			defer workers.Done()
			return f.work(ctx)
		})
	}
	group.Go(func() error {
		workers.Wait()
		done()
		return nil
	})
	return group.Wait()
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
