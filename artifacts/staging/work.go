package staging

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/paddock-dev/paddock/artifacts"
)

// work fetches pieces until every blob is whole.
func (f *fetch) work(ctx context.Context) error {
	buf := make([]byte, f.buffer)
	for {
		p, err := f.queue.take(ctx)
		if p == nil {
			return err
		}
		err = f.piece(ctx, p, buf)
		f.queue.leave(p)
		if err = f.outcome(ctx, p.at, err); err != nil {
			return err
		}
	}
}

// outcome decides what a piece's end means for its blob. An error it returns is the end of the Fetch.
func (f *fetch) outcome(ctx context.Context, at *attempt, err error) error {
	switch {
	case err == nil, errors.Is(err, errStale):
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case at.ended():
		return nil
	case errors.Is(err, artifacts.ErrVerification), errors.Is(err, artifacts.ErrNoRange):
		return f.restart(ctx, at, err)
	}
	return fmt.Errorf("fetching %s: %w", at.item.blob.Digest, err)
}

// piece fetches a range, with as many requests as it takes.
func (f *fetch) piece(ctx context.Context, p *piece, buf []byte) error {
	var last error
	for failures := 0; ; {
		before := p.left().from
		err := f.request(ctx, p, buf)
		if last != nil && errors.Is(err, artifacts.ErrNoRange) {
			err = fmt.Errorf("%w, and the whole broke off: %v", err, last)
		}
		if err == nil || !temporary(ctx, err) {
			return err
		}
		last = err
		if p.left().from > before {
			failures = 0
		}
		if !refused(err) { // those the gate counts, over all pieces
			failures++
		}
		if failures >= maxTries || failures >= maxSilent && errors.Is(err, errStalled) {
			return f.exhausted(p, failures, err)
		}
		d := pause(max(failures, 1), err)
		f.log.Info("retrying", "digest", p.at.item.blob.Digest, "offset", p.left().from, "in", d, "error", err)
		if err := f.rest(ctx, p, d, err); err != nil {
			return err
		}
	}
}

// exhausted names the last error of a piece. Bodies that end early, each of them in good order, mean that the blob is
// shorter than its size.
func (f *fetch) exhausted(p *piece, tries int, err error) error {
	if errors.Is(err, errEnded) {
		return fmt.Errorf("%w: blob %s has fewer than %d bytes", artifacts.ErrVerification, p.at.item.blob.Digest, p.at.item.blob.Size)
	}
	return fmt.Errorf("%d tries without progress: %w", tries, err)
}

// rest waits before the next try, and tells so when it is long.
func (f *fetch) rest(ctx context.Context, p *piece, d time.Duration, why error) error {
	if d <= 0 {
		return ctx.Err()
	}
	if d > 3*time.Second {
		defer f.waits.begin(fmt.Sprintf("waiting %s to retry: %v", d.Round(time.Second), why))()
	}
	return sleepOr(ctx, d, p.at.gone)
}

// request makes one request for what is left of a piece.
func (f *fetch) request(ctx context.Context, p *piece, buf []byte) error {
	if p.at.ended() {
		return errStale
	}
	epoch, err := f.gate.enter(ctx)
	if err != nil {
		return err
	}
	rctx, cancel := context.WithCancelCause(ctx)
	asked := p.begin(cancel)
	err = f.transfer(rctx, p, asked, buf)
	if cause := context.Cause(rctx); err != nil && cause != nil && ctx.Err() == nil {
		err = cause
	}
	f.speeds.add(p.end())
	cancel(nil)
	return f.gate.leave(epoch, err)
}

// transfer opens the range and writes what comes.
func (f *fetch) transfer(ctx context.Context, p *piece, asked span, buf []byte) error {
	size := p.at.item.blob.Size
	length := asked.len()
	toEnd := p.at.alone || length == size
	if toEnd {
		length = -1
	}
	body, err := p.at.item.blob.Open(ctx, asked.from, length)
	if err != nil {
		return fmt.Errorf("opening bytes %d-%d: %w", asked.from, asked.to-1, err)
	}
	closing := context.AfterFunc(ctx, func() { body.Close() }) // a body that does not watch ctx
	defer func() {
		closing()
		body.Close() // what matters has been read: an error here says nothing about it
	}()
	if err := f.pump(ctx, p, body, buf); err != nil {
		if toEnd && errors.Is(err, errEnded) {
			return fmt.Errorf("%w: blob %s has %d bytes, not %d", artifacts.ErrVerification, p.at.item.blob.Digest, p.left().from, size)
		}
		return err
	}
	if p.left().to == asked.to { // else the end went to another worker, and the body goes on
		atEnd(p, body)
	}
	return nil
}

// pump writes the body to the part until the piece is complete.
func (f *fetch) pump(ctx context.Context, p *piece, body io.Reader, buf []byte) error {
	for p.left().len() > 0 {
		n, rerr := fill(p, body, buf)
		off, n64 := p.arrived(int64(n))
		if err := f.store(ctx, p, buf[:n64], off); err != nil {
			p.back(off)
			return err
		}
		switch {
		case p.left().len() == 0:
			return nil
		case rerr == io.EOF:
			return errEnded
		case rerr != nil:
			return &readError{fmt.Errorf("reading at %d: %w", off+n64, rerr)}
		}
	}
	return nil
}

func (f *fetch) store(ctx context.Context, p *piece, data []byte, off int64) error {
	if len(data) == 0 {
		return nil
	}
	if err := f.disk.take(ctx, int64(len(data))); err != nil {
		return err
	}
	if err := p.at.write(data, off); err != nil {
		return &finalError{err}
	}
	f.gate.moved.Add(int64(len(data)))
	return nil
}

// fillTime bounds how long bytes wait in a buffer for more of them.
const fillTime = 100 * time.Millisecond

// fill reads until the buffer is full, the piece complete, the reader at its end, or time is up.
func fill(p *piece, body io.Reader, buf []byte) (n int, err error) {
	buf = buf[:min(int64(len(buf)), p.left().len())]
	p.wait()
	for start := time.Now(); n < len(buf) && err == nil && (n == 0 || time.Since(start) < fillTime); {
		var m int
		if m, err = body.Read(buf[n:]); m > 0 {
			p.wait()
		}
		n += m
	}
	return n, err
}

// atEnd reads on where the body should be at its end, which lets the connection be used again. Bytes that were not asked
// for are left alone: those that were decide, by their digest.
func atEnd(p *piece, body io.Reader) {
	var more [1]byte
	p.wait()
	_, _ = body.Read(more[:])
}
