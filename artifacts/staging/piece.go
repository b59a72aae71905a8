package staging

import (
	"context"
	"sync"
	"time"
)

// piece is a range of one blob that a worker fetches. An idle worker may take the end of it away.
type piece struct {
	at *attempt

	mu      sync.Mutex // guards the fields below
	pos, to int64      // what is left
	began   time.Time  // of the present request
	got     int64      // bytes of the present request
	waiting time.Time  // since when the origin owes the next bytes; zero while we do not wait for it
	cancel  context.CancelCauseFunc
	ticked  int64 // bytes since the last tick of the watch
	slow    int   // ticks in a row at which it crawled
	crawls  int   // requests that were broken off for that
}

// begin starts a request for all that is left.
func (p *piece) begin(cancel context.CancelCauseFunc) span {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.began, p.waiting, p.got, p.ticked, p.slow, p.cancel = now, now, 0, 0, 0, cancel
	return span{p.pos, p.to}
}

// end says that no request is open, and returns what the last one got in which time.
func (p *piece) end() (got int64, took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting, p.cancel = time.Time{}, nil
	return p.got, time.Since(p.began)
}

// wait says that we wait for the origin from now on.
func (p *piece) wait() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = time.Now()
}

// arrived counts n bytes, of which it returns how many are still wanted, and where they go.
func (p *piece) arrived(n int64) (off, wanted int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = time.Time{}
	off, wanted = p.pos, min(n, p.to-p.pos)
	p.pos += wanted
	p.got += n
	p.ticked += n
	return off, wanted
}

// back takes the count of the last arrival back: its bytes were not written.
func (p *piece) back(off int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pos = off
}

func (p *piece) left() span {
	p.mu.Lock()
	defer p.mu.Unlock()
	return span{p.pos, p.to}
}

// stop breaks off the present request, if there is one.
func (p *piece) stop(cause error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cancel != nil {
		p.cancel(cause)
	}
}

// eta estimates how long the rest takes at the rate of the present request; 0 if none is open,
// or if it is too early to say.
func (p *piece) eta(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cancel == nil {
		return 0
	}
	age := now.Sub(p.began)
	if age < tooEarly {
		return 0
	}
	rest := float64(p.to - p.pos)
	return time.Duration(float64(age) * rest / float64(max(p.got, 1)))
}

// cutEnd takes the second half of what is left away.
func (p *piece) cutEnd() (span, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	mid := p.pos + (p.to-p.pos)/2
	mid -= mid % (64 << 10)
	if mid <= p.pos || p.to-mid < minSteal {
		return span{}, false
	}
	taken := span{mid, p.to}
	p.to = mid
	return taken, true
}
