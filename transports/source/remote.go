package source

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// expiryMargin is how long before its end a signed URL is no longer used.
const expiryMargin = 10 * time.Second

// Sender sends one request and follows no redirect. Its error need not be redacted.
type Sender func(req *http.Request) (*http.Response, error)

// Place says where a blob is and how to ask for it.
type Place struct {
	URL *url.URL
	// Size is the blob's exact length in bytes.
	Size int64
	// Origin sends to URL's own scheme, host and port, with the credentials meant for it.
	Origin Sender
	// Elsewhere sends to any other place, and adds no credentials.
	Elsewhere Sender
	// Stall is how long the server may be silent while a body is read; 0: DefaultStall.
	Stall time.Duration
}

// Remote is one blob at one place; safe for concurrent use. Where a redirect leads is remembered for later parts, until
// it expires or refuses. While that is not known, one request at a time goes to the origin.
type Remote struct {
	place Place
	turn  chan struct{} // holds one token: the right to ask the origin first

	mu     sync.Mutex
	target *url.URL // where the redirect led; nil if not known
	direct bool     // the origin answers by itself, so that nobody need take turns
}

// NewRemote makes a Remote. It asks nothing of the network.
func NewRemote(place *Place) *Remote {
	r := &Remote{place: *place, turn: make(chan struct{}, 1)}
	r.turn <- struct{}{}
	return r
}

// Open is an artifacts.Opener.
func (r *Remote) Open(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	part, err := NewPart(offset, length, r.place.Size)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", Redact(r.place.URL), err)
	}
	if part.empty() {
		return http.NoBody, nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	opened := false
	defer func() {
		if !opened {
			cancel(nil)
		}
	}()
	e := &exchange{remote: r, ctx: ctx, cancel: cancel, part: part}
	resp, err := e.run()
	if err != nil {
		return nil, fmt.Errorf("reading %s of %s: %w", part, Redact(r.place.URL), err)
	}
	if err := part.Check(resp); err != nil {
		resp.Body.Close() // not drained: it may be the whole blob
		return nil, err
	}
	opened = true
	what := fmt.Sprintf("%s of %s", part, Redact(resp.Request.URL))
	return &body{ctx: ctx, cancel: cancel, raw: resp.Body, what: what, left: part.Length}, nil
}

// aim returns the remembered target. Without one it returns nil, and the right to ask the origin, which done gives back.
func (r *Remote) aim(ctx context.Context) (target *url.URL, done func(), err error) {
	target, direct := r.known(time.Now())
	if target != nil || direct {
		return target, func() {}, nil
	}
	select {
	case <-r.turn:
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	}
	done = func() { r.turn <- struct{}{} }
	if target, direct = r.known(time.Now()); target != nil || direct { // who had the turn before has found it
		done()
		return target, func() {}, nil
	}
	return nil, done, nil
}

// known returns the remembered target, nil if there is none or it is about to expire, and whether the origin answers by itself.
func (r *Remote) known(now time.Time) (target *url.URL, direct bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.target == nil {
		return nil, r.direct
	}
	if end := expiry(r.target); !end.IsZero() && now.After(end.Add(-expiryMargin)) {
		r.target = nil
	}
	return r.target, false
}

// forget drops a target that refused, unless another part has found a new one meanwhile.
func (r *Remote) forget(target *url.URL) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.target == target {
		r.target = nil
	}
}

// learn remembers where the origin led: target is nil if it answered by itself.
func (r *Remote) learn(target *url.URL) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.target, r.direct = target, target == nil
}
