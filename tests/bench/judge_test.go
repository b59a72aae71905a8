package main

import (
	"strings"
	"testing"
	"time"
)

func at(scenario, peer string, wall, cpu time.Duration, memory int64) row {
	return row{Scenario: scenario, Peer: peer, Rounds: 1, usage: usage{Wall: wall, CPU: cpu, Memory: memory}}
}

// TestJudge: each promise is kept in the first report, and broken in the second.
func TestJudge(t *testing.T) {
	kept := report{
		Size: 2 << 30,
		Rows: []row{
			at(direct, paddock, 6, 9, 64<<20), at(direct, podman, 10, 9, 1), at(capped, paddock, 10, 1, 1),
			at(capped, podman, 60, 1, 1), at(capped, "skopeo oci:", 60, 1, 1), at(capped, "oras", 60, 1, 1),
		},
		Again: &again{Requests: 3, Lock: 50 * time.Millisecond},
		Small: &small{Version: 20 * time.Millisecond, Ls: 100 * time.Millisecond, Models: 1000},
		Huge:  &huge{Size: 20 << 30, usage: usage{Memory: 64 << 20}, Lock: 50 * time.Millisecond},
	}
	kept.Checks = kept.judge()
	if kept.missed() != 0 || len(kept.Checks) != 13 {
		t.Errorf("%d promises, %d missed: %+v", len(kept.Checks), kept.missed(), kept.Checks)
	}
	broken := report{
		Rows: []row{
			at(direct, paddock, 7, 10, 65<<20), at(direct, podman, 10, 9, 1), at(capped, paddock, 10, 1, 1),
			at(capped, podman, 59, 1, 1), at(capped, "skopeo oci:", 59, 1, 1), at(capped, "oras", 59, 1, 1),
		},
		Again: &again{Requests: 4, BlobBytes: 1, Lock: 51 * time.Millisecond},
		Small: &small{Version: 21 * time.Millisecond, Ls: 101 * time.Millisecond},
		Huge:  &huge{usage: usage{Memory: 65 << 20}, Lock: 51 * time.Millisecond},
	}
	broken.Checks = broken.judge()
	for _, c := range broken.Checks {
		if c.OK {
			t.Errorf("%s: %g is good enough for %g", c.What, c.Got, c.Want)
		}
	}
	var out strings.Builder
	if err := broken.print(&out, false); err != nil || strings.Count(out.String(), "MISSED") != 13 {
		t.Errorf("%v, printed\n%s", err, out.String())
	}
}

func TestMedian(t *testing.T) {
	got := median([]row{at("s", "p", 3, 30, 5), at("s", "p", 1, 20, 9), at("s", "p", 2, 10, 7)})
	want := row{Scenario: "s", Peer: "p", Rounds: 3, usage: usage{Wall: 2, CPU: 20, Memory: 9}}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestLockHeld(t *testing.T) {
	log := "level=DEBUG msg=\"lock released\" store=/s held=1.5ms\nlevel=DEBUG msg=other held=9s\nlevel=DEBUG msg=\"lock released\" store=/s held=200µs\n"
	if d, err := lockHeld(log); err != nil || d != 1500*time.Microsecond {
		t.Errorf("got %s, %v", d, err)
	}
	if d, err := lockHeld("nothing"); err == nil {
		t.Errorf("a log without a lock says %s", d)
	}
}
