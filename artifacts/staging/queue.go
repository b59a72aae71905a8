package staging

import (
	"context"
	"slices"
	"sync"
	"time"
)

// How much one request asks for: all that is missing, divided by twice the number of workers, within these bounds. The
// first requests are thus long and the last ones short, so that the workers end together. Chosen by measurement.
const (
	minPiece = 2 << 20
	maxPiece = 32 << 20
)

// An idle worker takes half of the piece that would end last, if that saves time: a request that is cut short costs a
// connection.
const (
	minSteal = 1 << 20
	slowEnd  = 2 * time.Second
	tooEarly = time.Second
)

// queue hands out what is missing, over all blobs, in order.
type queue struct {
	workers int64

	mu      sync.Mutex // guards the fields below
	changed *sync.Cond
	gaps    []gap
	missing int64 // bytes in gaps
	active  map[*piece]struct{}
	open    int // blobs that are not yet whole
}

type gap struct {
	at *attempt
	span
}

func newQueue(workers, blobs int) *queue {
	q := &queue{workers: int64(workers), active: make(map[*piece]struct{}), open: blobs}
	q.changed = sync.NewCond(&q.mu)
	return q
}

// add queues what an attempt lacks, after everything of larger blobs.
func (q *queue) add(at *attempt) {
	q.mu.Lock()
	defer q.mu.Unlock()
	at.mu.Lock()
	missing := at.written.gaps(at.item.blob.Size)
	at.mu.Unlock()
	i := slices.IndexFunc(q.gaps, func(g gap) bool { return g.at.item.blob.Size < at.item.blob.Size })
	if i < 0 {
		i = len(q.gaps)
	}
	for _, s := range missing {
		q.gaps = slices.Insert(q.gaps, i, gap{at, s})
		q.missing += s.len()
		i++
	}
	q.changed.Broadcast()
}

// drop forgets what is queued of an attempt, and breaks off its requests.
func (q *queue) drop(at *attempt) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.gaps = slices.DeleteFunc(q.gaps, func(g gap) bool {
		if g.at == at {
			q.missing -= g.len()
		}
		return g.at == at
	})
	for p := range q.active {
		if p.at == at {
			p.stop(errStale)
		}
	}
}

// done says that a blob is whole.
func (q *queue) done() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.open--
	q.changed.Broadcast()
}

// wake makes idle workers look again.
func (q *queue) wake() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.changed.Broadcast()
}

// take waits for a piece to fetch. It returns nil when every blob is whole. Whoever cancels ctx calls wake.
func (q *queue) take(ctx context.Context) (*piece, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if q.open == 0 {
			return nil, nil
		}
		p := q.cut()
		if p == nil {
			p = q.steal()
		}
		if p != nil {
			q.active[p] = struct{}{}
			return p, nil
		}
		q.changed.Wait()
	}
}

// leave says that nobody works on a piece any more.
func (q *queue) leave(p *piece) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.active, p)
}

// working lists the pieces that are being fetched.
func (q *queue) working() []*piece {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := make([]*piece, 0, len(q.active))
	for p := range q.active {
		out = append(out, p)
	}
	return out
}

func (q *queue) cut() *piece {
	if len(q.gaps) == 0 {
		return nil
	}
	g := &q.gaps[0]
	n := min(max(q.missing/(2*q.workers), minPiece), maxPiece)
	n -= n % minPiece
	if g.at.alone || g.len() < n+minPiece {
		n = g.len()
	}
	p := &piece{at: g.at, pos: g.from, to: g.from + n}
	q.missing -= n
	if g.from += n; g.len() == 0 {
		q.gaps = slices.Delete(q.gaps, 0, 1)
	}
	return p
}

func (q *queue) steal() *piece {
	var last *piece
	worst, now := slowEnd, time.Now()
	for p := range q.active {
		if p.at.alone {
			continue
		}
		if eta := p.eta(now); eta > worst {
			last, worst = p, eta
		}
	}
	if last == nil {
		return nil
	}
	s, ok := last.cutEnd()
	if !ok {
		return nil
	}
	return &piece{at: last.at, pos: s.from, to: s.to}
}
