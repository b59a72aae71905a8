//go:build faults

package faults

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// newSmallSite is a site whose store has a file system of its own, of so many MiB.
func newSmallSite(t *testing.T, size int) *site {
	t.Helper()
	s := newSite(t, 0)
	dir := filepath.Join(workDir, "small")
	s.store.root = filepath.Join(dir, "storage")
	conf := filepath.Join(dir, "storage.conf")
	must(t, nil, "mkdir", "-p", dir)
	must(t, nil, "mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm", size), "tmpfs", dir)
	t.Cleanup(func() {
		must(t, nil, "umount", "-l", dir) // podman's own overlay mount may lie below
	})
	text := fmt.Sprintf("[storage]\ndriver = \"overlay\"\ngraphroot = %q\nrunroot = %q\n", s.store.root, filepath.Join(dir, "run"))
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	s.env = []string{"CONTAINERS_STORAGE_CONF=" + conf}
	return s
}

// grow gives the file system room.
func (s *site) grow(t *testing.T, size int) {
	t.Helper()
	must(t, nil, "mount", "-o", fmt.Sprintf("remount,size=%dm", size), filepath.Dir(s.store.root))
}

// diskFull: a pull that finds no room says where, and goes on when there is some.
func diskFull(t *testing.T, w *world) {
	s := newSmallSite(t, 300) // main fits, both do not
	s.fails(t, s.pull(t, w.both), 1, "no space left on device", filepath.Join(s.store.root, "paddock"))
	s.grow(t, 600)
	s.lands(t, w.both)
	c := s.Count()
	t.Logf("sent in all: %.1f MiB of %.1f", float64(c.BlobBytes)/mib, float64(w.both.size)/mib)
	if c.Again > lost {
		t.Errorf("%d bytes were fetched again, want at most %d", c.Again, int64(lost))
	}
	s.recovers(t, w.both)
}

// diskFullCommitting: the file system fills up when all bytes have arrived, and before they have a name.
func diskFullCommitting(t *testing.T, w *world) {
	s := newSmallSite(t, 600)
	s.lands(t, w.small)
	must(t, s.env, "paddock", "rm", s.name(w.small))
	release := hold(t, s.store)
	p := s.pull(t, w.main)
	p.says(t, "waiting for the store's lock")
	filler := fill(t, filepath.Dir(s.store.root))
	release()
	code := p.code(t)
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if code != 1 {
		t.Errorf("exit %d, want 1", code)
	}
	s.fails(t, p, 1, "no space left on device", s.store.path())
	s.Reset()
	s.lands(t, w.main)
	if c := s.Count(); c.BlobBytes > mib {
		t.Errorf("%d bytes were sent again, though all had arrived", c.BlobBytes)
	}
	s.recovers(t, w.main)
}

// fill takes all the room there is.
func fill(t *testing.T, dir string) string {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(f, zeros{})
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("filling %s: %v", dir, err)
	}
	return f.Name()
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return min(len(p), 4096), nil }
