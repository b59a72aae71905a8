package ui

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// IsTerminal says whether w is a terminal.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// plainLines is progress for logs: a line when a blob begins and ends, and one on all of them at each tick.
type plainLines struct {
	w      io.Writer
	where  string // here or there: where the blobs go
	seen   seen
	meter  meter
	reason string
	last   string
}

func (p *plainLines) frame(s *state, tick bool) {
	began, finished := p.seen.news(s)
	for _, b := range began {
		p.line("%s  %s", ShortDigest(b.digest), b.begins(p.where))
	}
	for _, b := range finished {
		if b.resumed < b.size {
			p.line("%s  done", ShortDigest(b.digest))
		}
	}
	if s.reason != p.reason && s.reason != "" {
		p.line("%s", s.reason)
	}
	p.reason = s.reason
	if tick && !s.finished() {
		p.total(s)
	}
}

func (p *plainLines) end(s *state) {
	p.frame(s, false)
	if _, _, fetched := s.sums(); fetched > 0 {
		p.total(s)
	}
}

func (p *plainLines) total(s *state) {
	if text := p.meter.totalText(s); text != p.last {
		p.last = text
		p.line("total  %s", text)
	}
}

func (p *plainLines) line(format string, args ...any) {
	// As with messages, nobody can be told that stderr is gone, and the landing goes on without.
	_, _ = io.WriteString(p.w, Clean(fmt.Sprintf(format, args...))+"\n")
}

// jsonLines is progress for programs.
type jsonLines struct {
	w      io.Writer
	seen   seen
	meter  meter
	reason string
}

// progressEvent is one line of jsonLines. Sizes are bytes, Rate bytes per second, Left seconds.
type progressEvent struct {
	Event  string  `json:"event"` // start, finish, wait, total
	Digest string  `json:"digest,omitempty"`
	Size   *int64  `json:"size,omitempty"`
	Done   *int64  `json:"done,omitempty"`
	Rate   float64 `json:"rate,omitempty"` // left out if not known
	Left   float64 `json:"left,omitempty"` // left out if not known
	Reason *string `json:"reason,omitempty"`
}

func (p *jsonLines) frame(s *state, tick bool) {
	began, finished := p.seen.news(s)
	for _, b := range began {
		size := b.size
		if b.unsized {
			size = -1
		}
		p.event(&progressEvent{Event: "start", Digest: string(b.digest), Size: &size, Done: &b.resumed})
	}
	for _, b := range finished {
		p.event(&progressEvent{Event: "finish", Digest: string(b.digest), Size: &b.size})
	}
	if s.reason != p.reason {
		p.reason = s.reason
		p.event(&progressEvent{Event: "wait", Reason: &s.reason})
	}
	if tick {
		p.total(s)
	}
}

func (p *jsonLines) end(s *state) {
	p.frame(s, false)
	p.total(s)
}

func (p *jsonLines) total(s *state) {
	size, done, fetched := s.sums()
	rate := p.meter.rate(s.at, fetched)
	left, _ := remaining(size-done, rate)
	p.event(&progressEvent{Event: "total", Size: &size, Done: &done, Rate: rate, Left: left.Seconds()})
}

func (p *jsonLines) event(e *progressEvent) {
	line, err := json.Marshal(e)
	if err != nil { // only a rate that is no number could do it, and meter gives none
		line = []byte(`{"event":"error"}`)
	}
	_, _ = io.WriteString(p.w, cleanJSON(string(line))+"\n")
}
