package staging

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paddock-dev/paddock/artifacts"
)

// Two calls want the same blobs in opposite orders: each is served once.
func TestShareInProcess(t *testing.T) {
	for range 10 {
		a := Open(t.TempDir())
		origins := []*origin{{data: patterned(1, 5<<20)}, {data: patterned(2, 5<<20)}, {data: patterned(3, 5<<20)}}
		var blobs []artifacts.Blob
		for _, o := range origins {
			blobs = append(blobs, o.blob())
		}
		back := slices.Clone(blobs)
		slices.Reverse(back)
		var wg sync.WaitGroup
		for _, list := range [][]artifacts.Blob{blobs, back, blobs} {
			wg.Go(func() {
				b, err := a.Fetch(t.Context(), list, nil)
				if err != nil {
					t.Errorf("Fetch: %v", err)
					return
				}
				for _, blob := range list {
					checkFile(t, b.Path(blob.Digest), blob)
				}
				if err := b.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
		}
		wg.Wait()
		for i, o := range origins {
			// A call that starts when the others have closed fetches anew; it cannot be prevented, and is no error.
			if _, served := o.counts(); served%int64(len(o.data)) != 0 {
				t.Errorf("origin %d served %d", i, served)
			}
		}
		if left := files(t, a); len(left) != 0 {
			t.Fatalf("left: %v", left)
		}
	}
}

// One waits while another fetches, then uses the result, though the other closes at once.
func TestWaiterUsesResult(t *testing.T) {
	a := Open(t.TempDir())
	first := &origin{data: patterned(1, 3<<20)}
	started, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	first.fault = func(int, int64, int64) (io.ReadCloser, error) {
		once.Do(func() { close(started) })
		<-goOn
		return nil, nil
	}
	ended := make(chan error, 1)
	go func() {
		b, err := a.Fetch(t.Context(), []artifacts.Blob{first.blob()}, nil)
		if err == nil {
			err = b.Close()
		}
		ended <- err
	}()
	<-started
	w := newWatcher()
	w.onWait = func(reason string) {
		if strings.HasPrefix(reason, "waiting for process ") {
			close(goOn)
		}
	}
	second := &origin{data: first.data}
	b := mustFetch(t, a, &Options{Progress: w}, second.blob())
	w.check(t, second.blob())
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if n, _ := second.counts(); n != 0 {
		t.Errorf("the one who waited made %d requests", n)
	}
	if last := w.waits[len(w.waits)-1]; last != "" {
		t.Errorf("still waits: %q", last)
	}
	checkFile(t, b.Path(second.blob().Digest), second.blob())
	mustClose(t, b)
	if left := files(t, a); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// Another process fetches; it is killed, and we go on where it was.
func TestWaiterTakesOver(t *testing.T) {
	a := Open(t.TempDir())
	p := startChild(t, a.dir, stallEnv+"=1")
	p.read(childSize / 2)
	w := newWatcher()
	w.onWait = func(reason string) {
		if strings.HasPrefix(reason, "waiting for process ") {
			p.kill(t)
		}
	}
	o := &origin{data: patterned(childSeed, childSize)}
	if entries := must(a.Entries()); len(entries) != 1 || !entries[0].InUse {
		t.Errorf("entries while it is fetched: %+v", entries)
	}
	mustClose(t, mustFetch(t, a, &Options{Progress: w}, o.blob()))
	w.check(t, o.blob())
	if _, served := o.counts(); served > childSize/2+maxUnsynced {
		t.Errorf("served %d of %d, half of which had arrived", served, childSize)
	}
}

// Another process holds the whole blob: neither Close nor Prune takes it away, and nothing is fetched.
func TestHeldByProcess(t *testing.T) {
	a := Open(t.TempDir())
	p := startChild(t, a.dir)
	p.read(1 << 61)
	o := &origin{data: patterned(childSeed, childSize)}
	mustClose(t, mustFetch(t, a, nil, o.blob()))
	if removed := must(a.Prune(0, false)); len(removed) != 0 {
		t.Errorf("pruned %v", removed)
	}
	checkFile(t, a.place(o.blob().Digest).blob(), o.blob())
	if n, _ := o.counts(); n != 0 {
		t.Errorf("%d requests", n)
	}
	if err := errors.Join(p.stdin.Close(), p.cmd.Wait()); err != nil {
		t.Fatal(err)
	}
	if left := files(t, a); len(left) != 0 {
		t.Errorf("left after the last close: %v", left)
	}
}

func TestWaitCancelled(t *testing.T) {
	a := Open(t.TempDir())
	o := &origin{data: patterned(1, 1000)}
	b := mustFetch(t, a, nil, o.blob())
	h := must(tryUse(a.place(o.blob().Digest).lock()))
	if ok := must(h.tryFetch()); !ok {
		t.Fatal("not free")
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Hour, nil)
	w := newWatcher()
	w.onWait = func(string) { cancel() }
	if _, err := a.Fetch(ctx, []artifacts.Blob{o.blob()}, &Options{Progress: w}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if err := h.release(); err != nil {
		t.Fatal(err)
	}
	mustClose(t, b)
	if left := files(t, a); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
