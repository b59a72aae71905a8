package podmanstore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/opencontainers/go-digest"
	"go.podman.io/storage/pkg/lockfile"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// watcher is an artifacts.Progress that hears of waits.
type watcher struct {
	mu    sync.Mutex
	waits []string
	heard func(string)
}

func (w *watcher) Start(digest.Digest, int64, int64) {}
func (w *watcher) Advance(digest.Digest, int64)      {}
func (w *watcher) Finish(digest.Digest)              {}
func (w *watcher) Wait(reason string) {
	w.mu.Lock()
	w.waits = append(w.waits, reason)
	w.mu.Unlock()
	w.heard(reason)
}

// holdLock is the child process of holdInChild: it holds the lock until its standard input ends.
func holdLock(path string) error {
	l, err := lockfile.GetLockFile(path)
	if err != nil {
		return err
	}
	l.Lock()
	defer l.Unlock()
	fmt.Println("held")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// holdInChild starts a process that holds the store's lock, and returns its id and what makes it let go.
func holdInChild(t *testing.T, s *Store) (pid int, release func()) {
	t.Helper()
	if err := os.MkdirAll(s.root, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=hold", "STORE="+s.lockPath())
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("the child said %q, %v", line, err)
	}
	release = sync.OnceFunc(func() {
		if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
			t.Errorf("the child: %v", err)
		}
	})
	return cmd.Process.Pid, release
}

func TestLandWaits(t *testing.T) {
	s := testStore(t)
	pid, release := holdInChild(t, s)
	defer release()
	w := &watcher{heard: func(reason string) {
		if reason != "" {
			release()
		}
	}}
	o := storetest.NewOrigin(t, "quay.io/org/m:1", map[string]string{"m": "bytes"})
	if _, err := s.Land(t.Context(), o.Plan, &artifacts.LandOptions{Progress: w}); err != nil {
		t.Fatal(err)
	}
	if len(w.waits) < 2 || !strings.Contains(w.waits[0], fmt.Sprintf("(pid %d)", pid)) || w.waits[len(w.waits)-1] != "" {
		t.Errorf("heard %q, the holder is %d", w.waits, pid)
	}
}

func TestLandWaitEnds(t *testing.T) {
	s := testStore(t)
	_, release := holdInChild(t, s)
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := &watcher{heard: func(string) { cancel() }}
	o := storetest.NewOrigin(t, "quay.io/org/m:1", map[string]string{"m": "bytes"})
	if _, err := s.Land(ctx, o.Plan, &artifacts.LandOptions{Progress: w}); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	read := o.Read()
	release()
	if _, err := s.Land(t.Context(), o.Plan, nil); err != nil {
		t.Fatal(err)
	}
	if o.Read() != read {
		t.Errorf("%d bytes fetched again, because the lock was not to be had", o.Read()-read)
	}
}

func TestReadWaitEnds(t *testing.T) {
	s := testStore(t)
	_, release := holdInChild(t, s)
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.List(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("List: %v", err)
	}
	if _, err := s.Find(ctx, "quay.io/org/m:1"); !errors.Is(err, context.Canceled) || errors.Is(err, artifacts.ErrNotFound) {
		t.Errorf("Find: %v", err)
	}
	if err := s.Remove(ctx, "quay.io/org/m:1"); !errors.Is(err, context.Canceled) || errors.Is(err, artifacts.ErrNotFound) {
		t.Errorf("Remove: %v", err)
	}
}

func TestLockFails(t *testing.T) {
	s := testStore(t)
	if err := os.MkdirAll(s.lockPath(), 0o700); err != nil { // a folder cannot be opened for writing
		t.Fatal(err)
	}
	o := storetest.NewOrigin(t, "quay.io/org/m:1", map[string]string{"m": "bytes"})
	if _, err := s.Land(t.Context(), o.Plan, nil); err == nil {
		t.Error("Land: no error")
	}
	if _, err := s.List(t.Context()); err == nil {
		t.Error("List: no error")
	}
}
