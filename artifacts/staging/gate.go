package staging

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/paddock-dev/paddock/artifacts"
)

// maxPause is the longest wait that an origin may ask for.
const maxPause = 10 * time.Minute

// gate bounds how many requests are open. An origin that is overloaded halves the bound; each round of good answers then
// adds one (additive increase, multiplicative decrease, as TCP does it).
type gate struct {
	max   int
	moved atomic.Int64 // bytes that arrived, by any request

	mu       sync.Mutex // guards the fields below
	changed  chan struct{}
	limit    int
	busy     int
	good     int       // good answers since the limit last changed
	epoch    int       // counts the halvings
	until    time.Time // no request before that
	refusals int       // halvings in a row without a byte between them
	seen     int64     // moved at the last halving
}

func newGate(jobs int) *gate { return &gate{max: jobs, limit: jobs, changed: make(chan struct{})} }

// enter waits until a request may be made. The epoch it returns is for leave.
func (g *gate) enter(ctx context.Context) (epoch int, err error) {
	for {
		g.mu.Lock()
		pause := time.Until(g.until)
		if g.busy < g.limit && pause <= 0 {
			g.busy++
			defer g.mu.Unlock()
			return g.epoch, nil
		}
		changed := g.changed
		g.mu.Unlock()
		if err := sleepOr(ctx, pause, changed); err != nil {
			return 0, err
		}
	}
}

// leave says how a request ended. Of the many that an overloaded origin refuses at the same time, one counts; after
// maxTries of those without a byte between them, the error it returns is final.
func (g *gate) leave(epoch int, err error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.busy--
	switch {
	case err == nil:
		if g.good++; g.good >= g.limit && g.limit < g.max {
			g.limit, g.good = g.limit+1, 0
		}
	case refused(err):
		err = g.refuse(epoch, err)
	}
	close(g.changed)
	g.changed = make(chan struct{})
	return err
}

func (g *gate) refuse(epoch int, err error) error {
	var later *artifacts.TemporaryError
	errors.As(err, &later) // as refused has found
	if later.RetryAfter > maxPause {
		return &finalError{fmt.Errorf("origin asks to wait %s: %w", later.RetryAfter, err)}
	}
	if until := time.Now().Add(later.RetryAfter); until.After(g.until) {
		g.until = until
	}
	if epoch != g.epoch {
		return err
	}
	g.limit, g.good = max(g.limit/2, 1), 0
	g.epoch++
	if now := g.moved.Load(); now != g.seen {
		g.seen, g.refusals = now, 0
	}
	if g.refusals++; g.refusals >= maxTries {
		return &finalError{fmt.Errorf("refused %d times in a row: %w", maxTries, err)}
	}
	return err
}

// sleep waits for d, or for the end of ctx, whose error it then returns.
func sleep(ctx context.Context, d time.Duration) error { return sleepOr(ctx, d, nil) }

// sleepOr also ends when woken is closed. With nothing but that to wait for, d is 0 or less.
func sleepOr(ctx context.Context, d time.Duration, woken <-chan struct{}) error {
	var after <-chan time.Time
	if d > 0 || woken == nil {
		timer := time.NewTimer(d)
		defer timer.Stop()
		after = timer.C
	}
	select {
	case <-after:
	case <-woken:
	case <-ctx.Done():
	}
	return ctx.Err()
}
