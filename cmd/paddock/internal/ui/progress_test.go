package ui

import (
	"bytes"
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/opencontainers/go-digest"
)

const (
	aDigest = digest.Digest("sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
	bDigest = digest.Digest("sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")
)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// landing plays one landing of two blobs, of which one resumes and one is here; the ticks come 1 s apart.
func landing(t *testing.T, mode ProgressMode) (shown string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { shown = land(t, mode) })
	return shown
}

func land(t *testing.T, mode ProgressMode) string {
	t.Helper()
	var out bytes.Buffer
	ticks, c := make(chan time.Time), &clock{t: time.Unix(1000, 0)}
	p := NewProgress(&out, &ProgressOptions{Mode: mode, Ticks: ticks, Now: c.now})
	tick := func() {
		if mode != ProgressNone {
			ticks <- c.now()
			synctest.Wait() // until that was shown: what comes next is no part of it
		}
	}
	p.Start(bDigest, 500, 500)
	p.Finish(bDigest)
	p.Start(aDigest, 10_000_000, 6_100_000)
	p.Wait("waiting for the lock\x1b[2J")
	tick()
	c.advance(time.Second)
	p.Wait("")
	p.Advance(aDigest, 1_000_000)
	tick()
	c.advance(time.Second)
	p.Advance(aDigest, 2_900_000)
	p.Finish(aDigest)
	p.Advance("sha256:unknown", 5)
	p.Close()
	p.Close()
	return out.String()
}

func TestPlainProgress(t *testing.T) {
	got := landing(t, ProgressPlain)
	for _, want := range []string{
		"bbbbbbbbbbbb  500 B, already here\n",
		"aaaaaaaaaaaa  10 MB, resuming at 61 %\n",
		`waiting for the lock\x1b[2J` + "\n",
		"total  7.101 MB of 10 MB (71 %), 1 MB/s, 2s left\n",
		"aaaaaaaaaaaa  done\n",
		"total  10 MB of 10 MB (100 %), 1.95 MB/s\n",
	} {
		if strings.Count(got, want) != 1 {
			t.Errorf("%q is not there once in:\n%s", want, got)
		}
	}
}

// TestSendingProgress: what is whole elsewhere is there, not here.
func TestSendingProgress(t *testing.T) {
	var out bytes.Buffer
	p := NewProgress(&out, &ProgressOptions{Mode: ProgressPlain, Sends: true})
	p.Start(bDigest, 500, 500)
	p.Finish(bDigest)
	p.Close()
	if got := out.String(); got != "bbbbbbbbbbbb  500 B, already there\n" {
		t.Errorf("showed %q", got)
	}
}

func TestJSONProgress(t *testing.T) {
	got := landing(t, ProgressJSON)
	var kinds []string
	var last progressEvent
	for line := range strings.Lines(got) {
		last = progressEvent{}
		if err := json.Unmarshal([]byte(line), &last); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		kinds = append(kinds, last.Event)
	}
	for _, kind := range []string{"start", "finish", "wait", "total"} {
		if n := strings.Count(strings.Join(kinds, " "), kind); n < 2 {
			t.Errorf("%d events %q in:\n%s", n, kind, got)
		}
	}
	if last.Event != "total" || *last.Done != 10_000_500 || *last.Size != 10_000_500 || last.Rate != 1_950_000 {
		t.Errorf("last event: %+v", last)
	}
}

func TestBarsProgress(t *testing.T) {
	got := landing(t, ProgressBars)
	for _, want := range []string{"aaaaaaaaaaaa", "10 MB, done", "total", "10 MB of 10 MB (100 %)"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%q", want, got)
		}
	}
	if strings.Contains(got, "bbbbbbbbbbbb") {
		t.Errorf("a bar for a blob that is here already:\n%q", got)
	}
}

func TestNoProgress(t *testing.T) {
	if got := landing(t, ProgressNone); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestFailedLandingEnds(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, mode := range append(ProgressModes(), ProgressAuto) {
		var out bytes.Buffer
		p := NewProgress(&out, &ProgressOptions{Mode: mode})
		p.Start(aDigest, 100, 0)
		p.Advance(aDigest, 50)
		p.Advance(aDigest, -20)
		p.Close()
		if strings.Contains(out.String(), "done") && mode != ProgressJSON {
			t.Errorf("%s: a failed landing is shown as done:\n%s", mode, out.String())
		}
	}
	waitFor(t, func() bool { return runtime.NumGoroutine() <= before })
}

// waitFor yields until ok; the test's own deadline ends it.
func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	for !ok() {
		if t.Context().Err() != nil {
			t.Fatal("gave up")
		}
		runtime.Gosched()
	}
}

// stuckWriter is a terminal that was stopped.
type stuckWriter struct{ release chan struct{} }

func (w *stuckWriter) Write(b []byte) (int, error) {
	<-w.release
	return len(b), nil
}

func TestProgressNeverBlocks(t *testing.T) {
	for _, mode := range []ProgressMode{ProgressPlain, ProgressJSON, ProgressBars} {
		w := &stuckWriter{release: make(chan struct{})}
		p := NewProgress(w, &ProgressOptions{Mode: mode})
		for range 1000 {
			p.Start(aDigest, 100, 0)
			p.Advance(aDigest, 1)
			p.Wait("for something")
			p.Finish(aDigest)
		}
		close(w.release)
		p.Close()
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken") }

func TestProgressSurvivesABrokenWriter(t *testing.T) {
	for _, mode := range []ProgressMode{ProgressPlain, ProgressJSON, ProgressBars} {
		p := NewProgress(brokenWriter{}, &ProgressOptions{Mode: mode})
		p.Start(aDigest, 100, 0)
		p.Finish(aDigest)
		p.Close()
	}
}

func TestRemaining(t *testing.T) {
	if _, ok := remaining(100, 0); ok {
		t.Error("a time left without a rate")
	}
	if d, ok := remaining(120, 2); !ok || d != time.Minute {
		t.Errorf("got %s, %v", d, ok)
	}
	if percent(0, 0) != 100 || percent(1, 3) != 33 {
		t.Error("percent")
	}
}

// A file of which nobody knows the size is counted, and never called whole before it is.
func TestUnknownSize(t *testing.T) {
	for mode, want := range map[ProgressMode]string{
		ProgressPlain: "m.gguf  of unknown size\ntotal  7 B of nobody knows how much\nm.gguf  done\ntotal  7 B of 7 B (100 %)\n",
		ProgressJSON:  `{"event":"start","digest":"m.gguf","size":-1,"done":0}`,
		ProgressBars:  "7 B, done",
	} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			ticks, now := make(chan time.Time), time.Unix(1000, 0)
			p := NewProgress(&out, &ProgressOptions{Mode: mode, Ticks: ticks, Now: func() time.Time { return now }})
			p.Start("m.gguf", -1, 0)
			p.Advance("m.gguf", 10)
			p.Advance("m.gguf", -10)
			p.Advance("m.gguf", 7)
			ticks <- now
			synctest.Wait()
			p.Finish("m.gguf")
			p.Close()
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: %q", mode, out.String())
			}
		})
	}
}
