package staging

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.lock")
	if must(held(path)) {
		t.Error("held before it is there")
	}
	a, b := must(tryUse(path)), must(tryUse(path))
	if !must(a.tryFetch()) || must(b.tryFetch()) {
		t.Error("fetch is not exclusive")
	}
	if !must(held(path)) || must(tryAlone(path)) != nil {
		t.Error("alone beside two")
	}
	if err := a.endFetch(); err != nil {
		t.Fatal(err)
	}
	if !must(b.tryFetch()) {
		t.Error("fetch was not given back")
	}
	for _, h := range []*hold{a, b} {
		if err := h.release(); err != nil {
			t.Fatal(err)
		}
	}
	alone := must(tryAlone(path))
	if alone == nil || must(tryUse(path)) != nil {
		t.Fatal("not alone when all have gone")
	}
	if err := alone.release(); err != nil {
		t.Fatal(err)
	}
	if must(held(path)) {
		t.Error("held after all were released")
	}
}

// A lock on a file that was removed is none.
func TestLockRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.lock")
	old := must(tryUse(path))
	defer old.release()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if same := must(isAt(old.file, path)); same {
		t.Error("a removed file is at its path")
	}
	next := must(tryAlone(path))
	if next == nil {
		t.Fatal("the new file is locked")
	}
	defer next.release()
	if same := must(isAt(old.file, path)); same {
		t.Error("the old file is at the new one's path")
	}
}

// Those who remove the file under its lock exclude each other all the same.
func TestLockRemovedInRace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.lock")
	var inside atomic.Int32
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 3000 {
				h, err := tryAlone(path)
				if err != nil {
					t.Error(err)
				}
				if h == nil {
					continue
				}
				if inside.Add(1) != 1 {
					t.Error("two are alone")
					return
				}
				if !must(isAt(h.file, path)) {
					t.Error("alone on a file that was removed")
					return
				}
				inside.Add(-1) // the removal is the last that is done alone
				if err := errors.Join(removeAll(path), h.release()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestSigner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.lock")
	if pid := signer(path); pid != "" {
		t.Errorf("signer %q of nothing", pid)
	}
	rewrite(t, path, []byte("1234567890123\nrubbish that is longer than ours"))
	if pid := signer(path); pid != "" {
		t.Errorf("signer %q of rubbish", pid)
	}
	h := must(tryUse(path))
	defer h.release()
	if err := h.sign(); err != nil {
		t.Fatal(err)
	}
	if pid := signer(path); pid != must(os.Readlink("/proc/self")) {
		t.Errorf("signer %q", pid)
	}
}
