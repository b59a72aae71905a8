//go:build faults

package faults

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"
)

// together: pulls of one model at the same time share one download.
func together(t *testing.T, w *world) {
	for _, n := range []int{2, 10} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			s := newSite(t, steady)
			var pulls []*process
			for range n {
				pulls = append(pulls, s.pull(t, w.main))
			}
			for _, p := range pulls {
				if code := p.code(t); code != 0 {
					t.Errorf("exit %d\n%s", code, p.errs.String())
				}
			}
			s.wantNames(t, w.main)
			if c := s.Count(); c.Again > int64(n)*mib { // the configuration blob may come with each manifest
				t.Errorf("%d pulls had %+v sent", n, c)
			}
			s.recovers(t, w.main)
		})
	}
}

// downloaderDies: of three that want one blob, the one that fetches it is killed. Another goes on where it was.
func downloaderDies(t *testing.T, w *world) {
	s := newSite(t, steady)
	first := make(chan *process, 1)
	s.OnBytes(w.main.size/2, func() {
		p := <-first
		p.signal(t, syscall.SIGKILL)
		<-p.ended
	})
	p := s.pull(t, w.main)
	first <- p
	s.waitBytes(t, 1)
	others := []*process{s.pull(t, w.main), s.pull(t, w.main)}
	for _, o := range others {
		o.says(t, fmt.Sprintf("waiting for process %d", p.cmd.Process.Pid))
	}
	if code := p.code(t); code != 128+9 {
		t.Errorf("the first: exit %d", code)
	}
	for _, o := range others {
		if code := o.code(t); code != 0 {
			t.Errorf("exit %d\n%s", code, o.errs.String())
		}
	}
	s.wantNames(t, w.main)
	t.Logf("fetched again: %.1f MiB", float64(s.Count().Again)/mib)
	if c := s.Count(); c.Again > lost {
		t.Errorf("%d bytes were fetched again, want at most %d", c.Again, int64(lost))
	}
	s.recovers(t, w.main)
}

// lost is what a kill may cost, whatever the size of the model: what is written and not yet known to be on disk, and what
// the connections hold.
const lost = 40 * mib

// waitBytes waits until so many bytes of blobs have been sent.
func (s *site) waitBytes(t *testing.T, n int64) {
	t.Helper()
	reached := make(chan struct{})
	s.OnBytes(n, func() { close(reached) })
	if s.Count().BlobBytes >= n {
		return
	}
	select {
	case <-reached:
	case <-time.After(hangs):
		t.Fatalf("no %d bytes were sent", n)
	}
}

// sharedBlobRemoved: podman removes, in the middle of a pull, the artifact that has one of its blobs already.
func sharedBlobRemoved(t *testing.T, w *world) {
	s := newSite(t, steady/6) // the pull must last while podman works, on a busy machine, too
	s.lands(t, w.small)
	s.Reset()
	p := s.pull(t, w.both)
	s.waitBytes(t, w.main.size/2)
	must(t, s.env, "podman", "artifact", "rm", s.name(w.small))
	s.store.check(t, s.env, map[string]string{})
	if code := p.code(t); code != 0 {
		t.Errorf("exit %d\n%s", code, p.errs.String())
	}
	s.wantNames(t, w.both)
	if c := s.Count(); c.BlobBytes > w.main.size+mib {
		t.Errorf("%d bytes of blobs were sent, though the store had all but %d", c.BlobBytes, w.main.size)
	}
	s.recovers(t, w.both)
}

// lsMeanwhile: podman lists while paddock pulls, as fast as when nothing is pulled.
func lsMeanwhile(t *testing.T, w *world) {
	s := newSite(t, steady/12) // the pull must last for all the listings, on a busy machine, too
	s.lands(t, w.small)
	quiet := listTimes(t, s)
	s.Reset()
	p := s.pull(t, w.main)
	s.waitBytes(t, w.main.size/8)
	busy := listTimes(t, s)
	if !p.running() {
		t.Errorf("the pull had ended:\n%s", p.errs.String())
	}
	t.Logf("podman artifact ls takes %s, and %s during a pull", quiet, busy)
	if code := p.code(t); code != 0 {
		t.Errorf("exit %d\n%s", code, p.errs.String())
	}
	must(t, s.env, "paddock", "rm", s.name(w.small))
	s.recovers(t, w.main)
}

// listTimes is the median of some.
func listTimes(t *testing.T, s *site) time.Duration {
	t.Helper()
	var all []time.Duration
	for range 7 {
		start := time.Now()
		must(t, s.env, "podman", "artifact", "ls")
		all = append(all, time.Since(start))
	}
	slices.Sort(all)
	return all[len(all)/2].Round(time.Millisecond)
}
