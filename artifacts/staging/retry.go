package staging

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"syscall"
	"time"

	"github.com/paddock-dev/paddock/artifacts"
)

// A piece is tried so often without a byte of progress, and less often if the origin is silent: a pull that gets nothing at all
// ends within a minute. The waits between are 1, 2, 4, 8 s, each times 0.5 to 1.5 so that
// workers do not come back in step.
const (
	maxTries  = 5
	maxSilent = 3
	firstWait = time.Second
)

// maxRestarts bounds how often a blob is begun anew.
const maxRestarts = 5

var (
	errStalled = errors.New("origin sent nothing for too long")
	errCrawl   = errors.New("connection is far slower than the others")
	errEnded   = errors.New("body ended early")
)

// readError is a failure while a body was read, after the origin had agreed to send it.
type readError struct{ error }

func (e *readError) Unwrap() error { return e.error }

// finalError is one that another request does not mend, whatever it wraps.
type finalError struct{ error }

func (e *finalError) Unwrap() error { return e.error }

// temporary says whether the same request may succeed later. ctx is the caller's: while it lives, the end of a context
// is a time limit of the origin's reader.
func temporary(ctx context.Context, err error) bool {
	var final *finalError
	if ctx.Err() != nil || errors.As(err, &final) {
		return false
	}
	for _, sort := range []error{artifacts.ErrNoRange, artifacts.ErrVerification, artifacts.ErrAuthentication, artifacts.ErrPolicy} {
		if errors.Is(err, sort) {
			return false
		}
	}
	for _, passing := range []error{io.ErrUnexpectedEOF, errStalled, errCrawl, errEnded, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, passing) {
			return true
		}
	}
	var later *artifacts.TemporaryError
	var read *readError
	return away(err) || errors.As(err, &later) || errors.As(err, &read)
}

// away says whether nobody answers, or the name is not known. Where the manifest came from a moment ago, that is a registry
// that restarts, or a network that is gone for a while.
func away(err error) bool {
	var name *net.DNSError
	return errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &name)
}

// refused says whether the origin asked for a pause.
func refused(err error) bool {
	var later *artifacts.TemporaryError
	return errors.As(err, &later) && later.RetryAfter > 0
}

// pause is how long to wait before the next try, after the given number of failures in a row (at least 1).
func pause(failures int, err error) time.Duration {
	if errors.Is(err, errCrawl) {
		return 0
	}
	d := firstWait << (failures - 1)
	d = d/2 + rand.N(d)
	var later *artifacts.TemporaryError
	if errors.As(err, &later) {
		d = max(d, later.RetryAfter)
	}
	return d
}
