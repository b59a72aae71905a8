package staging

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// pollEvery is how often a blob that another fetches is looked at.
const pollEvery = 100 * time.Millisecond

// admitAll takes the locks of every blob, in whatever order they become free, and settles how each is got. It holds the
// locks it has while it waits for others; that cannot end in a deadlock, since the lock on fetching is given back as soon
// as that blob is whole, whatever the rest does.
func (f *fetch) admitAll(ctx context.Context) error {
	end := func() {}
	defer func() { end() }()
	shown := ""
	for waiting := f.items; ; {
		var busy []*item
		for _, it := range waiting {
			free, err := f.admit(ctx, it)
			if err != nil {
				return err
			}
			if !free {
				busy = append(busy, it)
			}
		}
		if len(busy) == 0 {
			return nil
		}
		if reason := busyReason(busy[0]); reason != shown {
			end()
			shown, end = reason, f.waits.begin(reason)
		}
		if err := sleep(ctx, pollEvery); err != nil {
			return err
		}
		waiting = busy
	}
}

func busyReason(it *item) string {
	who := "another process"
	if pid := signer(it.place.lock()); pid != "" {
		who = "process " + pid
	}
	return fmt.Sprintf("waiting for %s, which is fetching %s", who, short(it.blob.Digest))
}

// admit takes a blob's locks if they are free, and settles how the blob is got.
func (f *fetch) admit(ctx context.Context, it *item) (free bool, err error) {
	if it.hold == nil {
		if it.hold, err = tryUse(it.place.lock()); it.hold == nil {
			return false, err
		}
	}
	if free, err = it.hold.tryFetch(); !free {
		return false, err
	}
	return true, f.settle(ctx, it)
}

// settle gets a blob whose lock on fetching we hold: from the area, from memory, from a local file or from its origin.
func (f *fetch) settle(ctx context.Context, it *item) error {
	if err := it.hold.sign(); err != nil {
		return err
	}
	if it.pending != nil {
		return f.settlePending(ctx, it)
	}
	there, wrong, err := it.place.whole(it.blob.Size)
	if err == nil && there {
		if err = it.place.dropRest(); err == nil {
			return f.present(it)
		}
	}
	if err == nil && wrong {
		err = removeAll(it.place.blob())
	}
	if err != nil {
		return fmt.Errorf("examining staged %s: %w", it.blob.Digest, err)
	}
	if it.blob.Data != nil || it.blob.Size == 0 {
		return f.keepData(it)
	}
	candidates := f.candidates(it)
	for len(candidates) > 0 && candidates[0].Trusted {
		if f.adoptTrusted(it, candidates[0]) {
			return f.present(it)
		}
		candidates[0].Trusted = false
	}
	if len(candidates) == 0 {
		return f.start(ctx, it, false)
	}
	f.group.Go(func() error { return f.settleLocal(ctx, it, candidates) })
	return nil
}

// settleLocal verifies the local candidates one after another, and downloads when none is right.
func (f *fetch) settleLocal(ctx context.Context, it *item, candidates []Candidate) error {
	for _, c := range candidates {
		ok, err := f.adopt(ctx, it, c)
		if ok {
			return f.present(it)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		f.log.Info("not using local file", "path", c.Path, "digest", it.blob.Digest, "reason", err)
	}
	return f.start(ctx, it, false)
}

// present announces a blob for which nothing is to be downloaded.
func (f *fetch) present(it *item) error {
	f.progress.Start(it.blob.Digest, it.blob.Size, it.blob.Size)
	return f.finish(it)
}

// keepData writes a blob that came with its plan.
func (f *fetch) keepData(it *item) error {
	if err := verify(it.blob.Digest, it.blob.Size, it.blob.Data); err != nil {
		return err
	}
	if err := it.place.dropRest(); err != nil {
		return err
	}
	file, err := create(it.place.file(partSuffix), f.opts.Label)
	if err != nil {
		return fmt.Errorf("writing blob %s: %w", it.blob.Digest, err)
	}
	if _, err = file.Write(it.blob.Data); err == nil {
		err = it.place.publish(file)
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("writing blob %s: %w", it.blob.Digest, err)
	}
	f.progress.Start(it.blob.Digest, it.blob.Size, 0)
	f.progress.Advance(it.blob.Digest, it.blob.Size)
	return f.finish(it)
}
