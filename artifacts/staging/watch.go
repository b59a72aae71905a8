package staging

import (
	"context"
	"slices"
	"time"
)

// How long an origin may be silent, before the first byte of an answer and later; and what a crawling connection is: one
// that is slower than a tenth of the median, as it was when four or more were last open, five ticks in a row. A piece is
// given a new connection for that twice, not more: the network may have become slow for good.
const (
	tick         = time.Second
	maxOpenWait  = 30 * time.Second
	maxReadWait  = 15 * time.Second
	crawlDivisor = 10
	crawlTicks   = 5
	crawlOthers  = 3
	maxCrawls    = 2
)

// watch breaks off requests that stall or crawl, and makes idle workers look for slow ones, until ctx ends.
func (f *fetch) watch(ctx context.Context) error {
	var typical int64
	for sleep(ctx, tick) == nil {
		pieces := f.queue.working()
		rates := make([]int64, 0, len(pieces))
		for _, p := range pieces {
			if n, open := p.rate(); open {
				rates = append(rates, n)
			}
		}
		if slices.Sort(rates); len(rates) > crawlOthers {
			typical = rates[len(rates)/2]
		}
		now := time.Now()
		for _, p := range pieces {
			if cause := p.judge(now, typical); cause != nil {
				p.stop(cause)
			}
		}
		f.queue.wake()
	}
	return nil
}

// rate is how many bytes came since the last tick, if a request is open.
func (p *piece) rate() (int64, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ticked, p.cancel != nil
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
	limit := maxReadWait
	if p.got == 0 {
		limit = maxOpenWait
	}
	if now.Sub(p.waiting) >= limit {
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
