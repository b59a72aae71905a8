package staging

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/paddock-dev/paddock/artifacts"
)

// stream fetches a file of which nobody knows the size: in one request, from its start to its end, with no room reserved
// and nothing to go on from. A connection that breaks begins anew.
func (f *fetch) stream(ctx context.Context, it *item) error {
	f.progress.Start(it.blob.Digest, -1, 0)
	for failures := 1; ; failures++ {
		n, err := f.streamOnce(ctx, it)
		if err == nil {
			it.blob.Size = n
			return f.finish(it)
		}
		f.progress.Advance(it.blob.Digest, -n)
		err = errors.Join(err, it.place.dropRest())
		if !temporary(ctx, err) || failures == maxTries {
			return fmt.Errorf("fetching %s: %w", it.blob.Digest, err)
		}
		f.log.Info("starting over", "file", it.blob.Digest, "error", err)
		if err := sleep(ctx, pause(failures, err)); err != nil {
			return err
		}
	}
}

// streamOnce returns how many bytes came, also with an error.
func (f *fetch) streamOnce(ctx context.Context, it *item) (n int64, err error) {
	epoch, err := f.gate.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = f.gate.leave(epoch, err) }()
	body, err := it.pending.Open(ctx, 0, -1)
	if err != nil {
		return 0, fmt.Errorf("opening it: %w", err)
	}
	defer body.Close()
	if err := it.place.dropRest(); err != nil {
		return 0, err
	}
	file, err := create(it.place.file(partSuffix), f.opts.Label)
	if err != nil {
		return 0, fmt.Errorf("creating part: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return f.streamTo(ctx, it, file, body)
}

// streamTo hashes what it writes: the bytes are not read back, since there is no second attempt that they could be mixed
// with.
func (f *fetch) streamTo(ctx context.Context, it *item, file *os.File, body io.Reader) (int64, error) {
	buf, err := f.slots.take(ctx)
	if err != nil {
		return 0, err
	}
	defer f.slots.put(buf)
	h := it.algorithm().Hash()
	n, err := hashFrom(ctx, io.MultiWriter(file, h, &advancer{f.progress, it}), body, buf)
	if err != nil {
		var full *os.PathError // of the file; the origin's errors are no such
		if errors.As(err, &full) {
			err = &finalError{err}
		} else if ctx.Err() == nil {
			err = &readError{err}
		}
		return n, err
	}
	if err := it.accept(h, n); err != nil {
		return n, err
	}
	return n, it.publish(ctx, file)
}

// advancer counts what is written through it.
type advancer struct {
	progress artifacts.Progress
	item     *item
}

func (a *advancer) Write(p []byte) (int, error) {
	a.progress.Advance(a.item.blob.Digest, int64(len(p)))
	return len(p), nil
}
