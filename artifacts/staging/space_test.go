package staging

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/paddock-dev/paddock/artifacts"
)

// tmpfs mounts a file system of so many bytes for the length of a test.
func tmpfs(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		t.Skipf("cannot mount a tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// A full disk is found before anything is downloaded; what had arrived of other blobs stays.
func TestDiskFull(t *testing.T) {
	a := Open(tmpfs(t, 12<<20))
	small, large := &origin{data: patterned(1, 8<<20)}, &origin{data: patterned(2, 9<<20)}
	ctx, cancel := context.WithCancel(t.Context())
	small.fault = func(_ int, from, _ int64) (io.ReadCloser, error) {
		if from >= 4<<20 {
			cancel()
		}
		return nil, nil
	}
	if _, err := a.Fetch(ctx, []artifacts.Blob{small.blob()}, &Options{Jobs: 1}); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	kept := must(a.Entries())
	_, err := a.Fetch(t.Context(), []artifacts.Blob{large.blob()}, nil)
	path := a.place(large.blob().Digest).file(partSuffix)
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), fmt.Sprint(9<<20)) {
		t.Errorf("error %v, want one that names %s and %d", err, path, 9<<20)
	}
	if n, _ := large.counts(); n != 0 {
		t.Errorf("%d requests", n)
	}
	if now := must(a.Entries()); len(now) != 1 || fmt.Sprint(now) != fmt.Sprint(kept) {
		t.Errorf("entries %v, before %v", now, kept)
	}
	small.fault = nil
	mustClose(t, mustFetch(t, a, nil, small.blob()))
}

// Nothing can be written: the error is the disk's, and no request is repeated for it.
func TestAreaUnusable(t *testing.T) {
	file := t.TempDir() + "/file"
	rewrite(t, file, nil)
	o := &origin{data: patterned(1, 1000)}
	if _, err := Open(file).Fetch(t.Context(), []artifacts.Blob{o.blob()}, nil); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("error %v", err)
	}
	if n, _ := o.counts(); n != 0 {
		t.Errorf("%d requests", n)
	}
	if _, err := Open(file).Entries(); err == nil {
		t.Error("a file has entries")
	}
	if entries, err := Open(file + "-not").Entries(); err != nil || len(entries) != 0 {
		t.Errorf("an area that is not there: %v, %v", entries, err)
	}
	if info, err := os.Stat(file + "-not"); err == nil {
		t.Errorf("listing made %v", info.Name())
	}
}
