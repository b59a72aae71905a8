package ui

import (
	"fmt"
	"io"
	"math"
	"sync/atomic"

	"github.com/opencontainers/go-digest"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// bars is progress for people: a bar for each blob that is to be fetched, and one for all of them at the bottom.
type bars struct {
	container *mpb.Progress
	seen      seen
	meter     meter
	bars      map[digest.Digest]*bar
	total     *bar
}

// bar is one line. The library draws it from a goroutine of its own, hence the atomic text.
type bar struct {
	*mpb.Bar
	text atomic.Pointer[string]
}

func newBars(w io.Writer) *bars {
	return &bars{
		container: mpb.New(mpb.WithOutput(w), mpb.WithAutoRefresh(), mpb.WithWidth(80)),
		seen:      seen{}, bars: map[digest.Digest]*bar{},
	}
}

// add returns nil if the library has given up, as it does when it cannot write.
func (r *bars) add(name string, size int64, priority int) *bar {
	b := &bar{}
	b.say("")
	made, err := r.container.Add(size, mpb.BarStyle().Build(), mpb.BarPriority(priority), mpb.BarWidth(30),
		mpb.PrependDecorators(decor.Name(Clean(name), decor.WC{W: shortDigest, C: decor.DindentRight})),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return " " + *b.text.Load() })))
	if err != nil {
		return nil
	}
	b.Bar = made
	return b
}

func (b *bar) say(text string) {
	text = Clean(text)
	b.text.Store(&text)
}

func (r *bars) frame(s *state, _ bool) {
	began, _ := r.seen.news(s)
	for _, b := range began {
		if r.bars[b.digest] == nil && (b.resumed < b.size || b.unsized) {
			r.bars[b.digest] = r.add(ShortDigest(b.digest), b.size, len(r.bars))
		}
	}
	for i := range s.blobs {
		if line := r.bars[s.blobs[i].digest]; line != nil {
			line.update(&s.blobs[i])
		}
	}
	r.updateTotal(s)
}

func (b *bar) update(s *blobState) {
	text := fmt.Sprintf("%s / %s", Size(s.done), Size(s.size))
	switch {
	case s.finished:
		text = Size(s.size) + ", done"
	case s.unsized:
		text = Size(s.done)
	case s.resumed > 0:
		text += fmt.Sprintf(", resuming at %d %%", percent(s.resumed, s.size))
	}
	b.say(text)
	if s.finished {
		b.SetTotal(s.size, true)
		return
	}
	if s.unsized {
		return
	}
	b.SetCurrent(min(s.done, s.size-1)) // whole is what is verified, not what has arrived
}

func (r *bars) updateTotal(s *state) {
	if r.total == nil && len(r.bars) > 0 {
		r.total = r.add("total", 0, math.MaxInt)
	}
	if r.total == nil {
		return
	}
	size, done, _ := s.sums()
	text := r.meter.totalText(s)
	if s.reason != "" {
		text = s.reason
	}
	r.total.say(text)
	r.total.SetTotal(size, false)
	r.total.SetCurrent(done)
}

// end leaves the bars as they are, whole or not.
func (r *bars) end(s *state) {
	r.frame(s, false)
	for _, line := range r.bars {
		if line != nil {
			line.Abort(false)
		}
	}
	if r.total != nil {
		r.total.Abort(false)
	}
	r.container.Wait()
}
