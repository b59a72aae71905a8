package source

import (
	"context"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/paddock-dev/paddock/artifacts"
)

// DefaultStall is how long a server may send nothing before the exchange is given up.
const DefaultStall = 30 * time.Second

// Watch wraps a body so that a Read in which nothing arrives for stall (0: DefaultStall) ends the exchange: cancel, which
// must be that of the request's context, is called with an artifacts.TemporaryError. The time between two Reads does
// not count: it is the reader's own.
func Watch(body io.ReadCloser, stall time.Duration, cancel context.CancelCauseFunc) io.ReadCloser {
	if stall == 0 {
		stall = DefaultStall
	}
	timer := time.AfterFunc(math.MaxInt64, func() { // not stall: it would run from now on, and could fire before it is stopped
		cancel(&artifacts.TemporaryError{Err: fmt.Errorf("no byte for %s", stall)})
	})
	timer.Stop()
	return &watched{body: body, timer: timer, stall: stall}
}

// watched is a body under Watch.
type watched struct {
	body  io.ReadCloser
	timer *time.Timer
	stall time.Duration
}

func (w *watched) Read(p []byte) (int, error) {
	w.timer.Reset(w.stall)
	defer w.timer.Stop()
	return w.body.Read(p)
}

func (w *watched) Close() error {
	w.timer.Stop()
	return w.body.Close()
}
