package staging

import (
	"context"
	"time"
)

// How long an origin may be silent, and what a crawling connection is: one
// that is slower, five ticks in a row, than a tenth of what is typical. A piece is given a new connection for that twice,
// not more: the network may have become slow for good.
const (
	tick         = time.Second
	maxSilence   = 15 * time.Second
	crawlDivisor = 10
	crawlTicks   = 5
	maxCrawls    = 2
)

// watch breaks off requests that stall or crawl, and makes idle workers look for slow ones, until ctx ends.
func (f *fetch) watch(ctx context.Context) error {
	for sleep(ctx, tick) == nil {
		now, typical := time.Now(), f.speeds.typical()
		for _, p := range f.queue.working() {
			if cause := p.judge(now, typical); cause != nil {
				p.stop(cause)
			}
		}
		f.queue.wake()
	}
	return nil
}

// judge returns why the present request should be broken off, or nil. typical is the rate to compare with, in
// bytes in a tick; 0 if it is not known.
func (p *piece) judge(now time.Time, typical int64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.ticked
	p.ticked = 0
	if p.waiting.IsZero() || p.cancel == nil {
		p.slow = 0
		return nil
	}
	if now.Sub(p.waiting) >= maxSilence {
		return errStalled
	}
	if n >= typical/crawlDivisor || p.crawls >= maxCrawls {
		p.slow = 0
		return nil
	}
	if p.slow++; p.slow < crawlTicks {
		return nil
	}
	p.crawls++
	return errCrawl
}
