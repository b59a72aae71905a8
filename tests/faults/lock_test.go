//go:build faults

package faults

import (
	"fmt"
	"io"
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// hold takes the store's lock, as another process of Podman's would, until release is called. No other descriptor of the
// file may be closed meanwhile: that would drop the lock.
func hold(t *testing.T, s store) (release func()) {
	t.Helper()
	f, err := os.OpenFile(s.path("index.lock"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
	if err := unix.FcntlFlock(f.Fd(), unix.F_SETLK, &lock); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

// lockHeld: who waits for the lock says so and for whom, and can be stopped; what was fetched is not fetched again.
func lockHeld(t *testing.T, w *world) {
	s := newSite(t, 0)
	s.lands(t, w.small)
	must(t, s.env, "paddock", "rm", s.name(w.small))
	release := hold(t, s.store)
	p := s.pull(t, w.main)
	p.says(t, fmt.Sprintf("waiting for the store's lock, held by %s (pid %d)", comm(t), os.Getpid()))
	p.signal(t, syscall.SIGINT)
	code := p.code(t)
	release()
	if code != 130 {
		t.Errorf("exit %d, want 130\n%s", code, p.errs.String())
	}
	s.wantNames(t)
	s.Reset()
	s.lands(t, w.main)
	if c := s.Count(); c.BlobBytes > mib {
		t.Errorf("%d bytes were sent again, though all had arrived", c.BlobBytes)
	}
	s.recovers(t, w.main)
}

// comm is this program's name as the kernel has it.
func comm(t *testing.T) string {
	t.Helper()
	name, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	return string(name[:len(name)-1])
}

// lockHeldByPodman: a pull of Podman's holds the lock for as long as it takes. Ours waits, says so, and completes.
func lockHeldByPodman(t *testing.T, w *world) {
	s := newSite(t, steady)
	s.lands(t, w.small)
	must(t, s.env, "paddock", "rm", s.name(w.small))
	s.Reset()
	theirs := start(t, s.env, "podman", "artifact", "pull", "-q", "--tls-verify=false", s.name(w.main))
	s.waitBytes(t, 1)
	ours := s.pull(t, w.small)
	ours.says(t, fmt.Sprintf("held by podman (pid %d)", theirs.cmd.Process.Pid))
	for _, p := range []*process{theirs, ours} {
		if code := p.code(t); code != 0 {
			t.Errorf("%s: exit %d\n%s", p.name, code, p.errs.String())
		}
	}
	s.wantNames(t, w.main, w.small)
	must(t, s.env, "paddock", "rm", s.name(w.main))
	s.recovers(t, w.small)
}
