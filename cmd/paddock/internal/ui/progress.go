package ui

import (
	"io"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
)

// ProgressMode is how progress is shown.
type ProgressMode string

// The modes of progress.
const (
	ProgressAuto  ProgressMode = ""      // bars on a terminal, lines elsewhere
	ProgressBars  ProgressMode = "bars"  // a bar for each blob and one for all
	ProgressPlain ProgressMode = "plain" // lines
	ProgressJSON  ProgressMode = "json"  // a JSON object per line
	ProgressNone  ProgressMode = "none"  // nothing
)

// ProgressModes returns the modes that a flag may name.
func ProgressModes() []ProgressMode {
	return []ProgressMode{ProgressBars, ProgressPlain, ProgressJSON, ProgressNone}
}

// ProgressOptions tunes NewProgress. nil means the zero value, whose meaning each field states.
type ProgressOptions struct {
	Mode ProgressMode
	// Sends says that blobs go away from here: what is whole at the start is there, not here.
	Sends bool
	// Ticks says when to show how far things are; nil: at the interval that suits the mode.
	Ticks <-chan time.Time
	// Now is the clock for rates; nil: time.Now.
	Now func() time.Time
}

// Progress shows a landing. Its methods only note what happened: one goroutine does all the writing, so that a terminal
// that is stopped stops no download. It must be closed.
type Progress struct {
	now   func() time.Time
	wake  chan struct{} // holds at most one wish to be shown at once
	quit  chan struct{}
	ended chan struct{}
	once  sync.Once

	mu     sync.Mutex
	blobs  []*blobState
	byName map[digest.Digest]*blobState
	reason string
}

var _ artifacts.Progress = (*Progress)(nil)

// renderer shows states. Its methods are called from one goroutine.
type renderer interface {
	frame(s *state, tick bool)
	end(s *state)
}

// NewProgress starts showing on w, which should be stderr.
func NewProgress(w io.Writer, o *ProgressOptions) *Progress {
	if o == nil {
		o = &ProgressOptions{}
	}
	p := &Progress{
		now: o.Now, wake: make(chan struct{}, 1), quit: make(chan struct{}), ended: make(chan struct{}),
		byName: map[digest.Digest]*blobState{},
	}
	if p.now == nil {
		p.now = time.Now
	}
	r, interval := rendererFor(w, o)
	if r == nil {
		close(p.ended)
		return p
	}
	ticks, stop := o.Ticks, func() {}
	if ticks == nil {
		t := time.NewTicker(interval)
		ticks, stop = t.C, t.Stop
	}
	go func() {
		defer close(p.ended)
		defer stop()
		p.show(r, ticks)
	}()
	return p
}

func rendererFor(w io.Writer, o *ProgressOptions) (renderer, time.Duration) {
	mode, where := o.Mode, "here"
	if o.Sends {
		where = "there"
	}
	if mode == ProgressAuto && IsTerminal(w) {
		mode = ProgressBars
	}
	switch mode {
	case ProgressNone:
		return nil, 0
	case ProgressBars:
		return newBars(w), 100 * time.Millisecond
	case ProgressJSON:
		return &jsonLines{w: w, seen: seen{}}, time.Second
	default:
		return &plainLines{w: w, where: where, seen: seen{}}, 5 * time.Second
	}
}

func (p *Progress) show(r renderer, ticks <-chan time.Time) {
	for {
		select {
		case <-p.quit:
			r.end(p.state())
			return
		case <-p.wake:
			r.frame(p.state(), false)
		case <-ticks:
			r.frame(p.state(), true)
		}
	}
}

// Close shows the last state and ends. It may be called more than once, whether the landing went well or not.
func (p *Progress) Close() {
	p.once.Do(func() { close(p.quit) })
	<-p.ended
}

// Start implements artifacts.Progress.
func (p *Progress) Start(d digest.Digest, size, done int64) {
	p.change(func() {
		b := p.byName[d]
		if b == nil {
			b = &blobState{digest: d}
			p.byName[d] = b
			p.blobs = append(p.blobs, b)
		}
		b.size, b.done, b.resumed, b.finished, b.unsized = max(size, 0), done, done, false, size < 0
		b.starts++
	})
	p.showNow()
}

// Advance implements artifacts.Progress.
func (p *Progress) Advance(d digest.Digest, n int64) {
	p.change(func() {
		if b := p.byName[d]; b != nil {
			b.done += n
			if b.unsized {
				b.size = b.done
			}
		}
	})
}

// Finish implements artifacts.Progress.
func (p *Progress) Finish(d digest.Digest) {
	p.change(func() {
		if b := p.byName[d]; b != nil {
			b.done, b.finished = b.size, true
		}
	})
	p.showNow()
}

// Wait implements artifacts.Progress.
func (p *Progress) Wait(reason string) {
	p.change(func() { p.reason = reason })
	p.showNow()
}

func (p *Progress) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

func (p *Progress) showNow() {
	select {
	case p.wake <- struct{}{}:
	default: // it is about to be shown anyway
	}
}

func (p *Progress) state() *state {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &state{at: p.now(), reason: p.reason}
	for _, b := range p.blobs {
		s.blobs = append(s.blobs, *b)
	}
	return s
}
