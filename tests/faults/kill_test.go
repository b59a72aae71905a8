//go:build faults

package faults

import (
	"slices"
	"syscall"
	"testing"
	"time"
)

// killedLate: what a pull had at 90 % is there for the next one, but for 2 % of the blob.
func killedLate(t *testing.T, w *world) {
	s := newSite(t, steady)
	s.stops(t, w.big, w.big.size/10*9, syscall.SIGKILL)
	s.wantNames(t)
	s.Reset()
	s.lands(t, w.big)
	s.wantAgain(t, w.big, 1)
	s.recovers(t, w.big)
}

// wantAgain wants what was fetched again since the last Reset to be no more than 2 % of the model for each interruption.
func (s *site) wantAgain(t *testing.T, m *model, interruptions int64) {
	t.Helper()
	c := s.Count()
	t.Logf("fetched again: %.1f MiB, %.2f %%; in all %d requests", float64(c.Again)/mib, float64(c.Again)*100/float64(m.size), c.Requests)
	if c.Again > m.size/50*interruptions {
		t.Errorf("%d bytes of %d were fetched again, want 2 %%", c.Again, m.size)
	}
}

// stops sends a pull a signal when so many bytes have been sent, and returns its exit status.
func (s *site) stops(t *testing.T, m *model, after int64, with syscall.Signal) int {
	t.Helper()
	pid := make(chan *process, 1)
	s.OnBytes(max(after, 1), func() {
		p := <-pid
		p.signal(t, with)
		if with == syscall.SIGKILL {
			<-p.ended
		}
	})
	p := s.pull(t, m)
	pid <- p
	return p.code(t)
}

// kills is how often a pull is interrupted.
const kills = 50

// instants are that many places in a model, in order, as distances from one to the next.
func (w *world) instants(t *testing.T, size int64) []int64 {
	r := w.random(t)
	var at []int64
	for range kills {
		at = append(at, r.Int64N(size))
	}
	slices.Sort(at)
	for i := len(at) - 1; i > 0; i-- {
		at[i] -= at[i-1]
	}
	return at
}

// killedAnywhere: one pull, killed 50 times where chance will have it, still ends; and each time no more than 2 % of the blob
// is fetched again.
func killedAnywhere(t *testing.T, w *world) {
	s := newSite(t, steady)
	worst, total := int64(0), int64(0)
	for i, after := range w.instants(t, w.big.size*9/10) {
		if code := s.stops(t, w.big, after, syscall.SIGKILL); code != 128+9 {
			t.Fatalf("kill %d, after %d bytes: exit %d", i, after, code)
		}
		s.wantNames(t)
		again := s.Reset().Again
		worst, total = max(worst, again), total+again
		if again > w.big.size/50 {
			t.Errorf("after kill %d %d bytes of %d were fetched again, want 2 %%", i-1, again, w.big.size)
		}
	}
	t.Logf("fetched again: at worst %.1f MiB, in all %.1f MiB", float64(worst)/mib, float64(total)/mib)
	s.lands(t, w.big)
	s.wantAgain(t, w.big, 1)
	s.recovers(t, w.big)
}

// interrupted: the same with the signals that a person or a service manager sends, too. What is asked to stop loses nothing
// that it had written.
func interrupted(t *testing.T, w *world) {
	s := newSite(t, steady)
	r := w.random(t)
	for i, after := range w.instants(t, w.main.size) {
		sig := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL}[r.IntN(3)]
		want := 130
		if sig == syscall.SIGKILL {
			want = 128 + 9
		}
		if code := s.stops(t, w.main, after, sig); code != want && code != 0 {
			t.Fatalf("interruption %d by %s: exit %d, want %d", i, sig, code, want)
		} else if code == 0 {
			break // it was quicker than the signal, at the very end
		}
		s.wantNames(t)
		s.Reset()
	}
	s.recovers(t, w.main)
}

// killedCommitting kills pulls when the last byte has gone out, and a little later: while it is verified, synced, given its
// name, or when all is done. What such a kill leaves, doctor finds and mends.
func killedCommitting(t *testing.T, w *world) {
	s := newSite(t, 0)
	r := w.random(t)
	finished := 0
	for range 20 {
		delay := time.Duration(r.Int64N(int64(60 * time.Millisecond)))
		pid := make(chan *process, 1)
		s.Reset()
		s.OnBytes(w.small.size, func() {
			p := <-pid
			time.AfterFunc(delay, func() { p.signal(t, syscall.SIGKILL) })
		})
		p := s.pull(t, w.small)
		pid <- p
		if p.code(t) == 0 {
			finished++
		}
		// blobs that are in the store before the index names them, or a file that was about to become the index
		must(t, s.env, "paddock", "doctor", "--fix", "--age=0")
		if len(s.store.entries(t)) == 0 {
			s.wantNames(t)
			continue
		}
		s.wantNames(t, w.small)
		s.store.verify(t)
		must(t, s.env, "paddock", "rm", s.name(w.small))
	}
	t.Logf("%d of 20 were done before the kill", finished)
	s.Reset()
	s.recovers(t, w.small)
}
