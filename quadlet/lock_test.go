package quadlet

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/paddock-dev/paddock/artifacts"
)

// holdByHand is another process that changes units: a lock belongs to the open file.
func holdByHand(t *testing.T, dir string) (release func()) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		t.Fatal(err)
	}
	release = sync.OnceFunc(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(release)
	return release
}

func TestLockWaits(t *testing.T) {
	i := newSystemd(t).installer()
	release := holdByHand(t, i.Dir)
	var heard []string
	l, err := i.Lock(t.Context(), &LockOptions{Wait: func(reason string) {
		heard = append(heard, reason)
		release()
	}})
	if err != nil {
		t.Fatal(err)
	}
	if len(heard) != 2 || !strings.Contains(heard[0], i.Dir) || heard[1] != "" {
		t.Errorf("heard %q", heard)
	}
	if err := l.Unlock(); err != nil {
		t.Error(err)
	}
	holdByHand(t, i.Dir) // fails unless it is free
}

func TestLockWaitEnds(t *testing.T) {
	i := newSystemd(t).installer()
	holdByHand(t, i.Dir)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := i.Lock(ctx, &LockOptions{Wait: func(string) { cancel() }}); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), i.Dir) {
		t.Errorf("got %v", err)
	}
}

func TestLockFolder(t *testing.T) {
	s := newSystemd(t)
	s.dir = filepath.Join(s.dir, "a", "b")
	i := s.installer()
	l, err := i.Lock(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Remove(t.Context(), "m"); !errors.Is(err, artifacts.ErrNotFound) {
		t.Errorf("removing: %v", err)
	}
	if _, err := l.Install(t.Context(), &Set{Name: "m", Unit: testUnit(t)}, true); err == nil || !strings.Contains(err.Error(), i.Dir) {
		t.Errorf("installing: %v", err)
	}
	if err := l.Unlock(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(i.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder was made: %v", err)
	}
	if _, err := install(t, i, "m", testUnit(t), false); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(filepath.Join(i.Dir, lockName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the lock: %v, %v", info, err)
	}
	if err := os.WriteFile(filepath.Join(i.Dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	i.Dir = filepath.Join(i.Dir, "file")
	for _, create := range []bool{true, false} {
		if _, err := i.Lock(t.Context(), &LockOptions{Create: create}); err == nil || !strings.Contains(err.Error(), i.Dir) {
			t.Errorf("a file for a folder: %v", err)
		}
	}
}

// TestInstallTwice: of two that install a unit of one name at once, one does. The second begins when the first has found that the
// name is free.
func TestInstallTwice(t *testing.T) {
	s := newSystemd(t)
	i := s.installer()
	waits, second := make(chan struct{}), make(chan error, 1)
	var begun atomic.Bool
	s.before = func(verb string) {
		if verb != "show" || begun.Swap(true) {
			return
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			l, err := i.Lock(t.Context(), &LockOptions{Wait: func(reason string) {
				if reason != "" {
					close(waits)
				}
			}})
			if err == nil {
				_, err = l.Install(t.Context(), &Set{Name: "m", Unit: testUnit(t)}, false)
				err = errors.Join(err, l.Unlock())
			}
			second <- err
		}()
		select {
		case <-waits:
		case <-done:
		}
	}
	if _, err := install(t, i, "m", testUnit(t), false); err != nil {
		t.Errorf("the first: %v", err)
	}
	if err := <-second; !errors.Is(err, ErrInstalled) {
		t.Errorf("the second: %v", err)
	}
}
