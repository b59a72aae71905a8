package staging

import (
	"context"
	"errors"
	"fmt"

	"github.com/paddock-dev/paddock/artifacts"
)

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
		err = at.publish(ctx)
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
