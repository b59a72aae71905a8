package staging

import (
	"context"
	"crypto/sha512"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
)

func TestFetch(t *testing.T) {
	for name, sizes := range map[string][]int{
		"nothing":          {},
		"empty":            {0},
		"one byte":         {1},
		"small":            {4097},
		"one piece":        {minPiece},
		"odd":              {3*minPiece + 5},
		"large":            {40<<20 + 13},
		"many, and mixed":  {1, 70_000, 5 << 20, 0, 9<<20 + 1, 333, 2 << 20},
		"more than budget": {maxUnsynced + 7<<20},
	} {
		t.Run(name, func(t *testing.T) {
			a := Open(filepath.Join(t.TempDir(), "not", "there"))
			w := newWatcher()
			var blobs []artifacts.Blob
			var origins []*origin
			for i, size := range sizes {
				o := &origin{data: patterned(uint64(i), size)}
				origins, blobs = append(origins, o), append(blobs, o.blob())
			}
			b := mustFetch(t, a, &Options{Progress: w}, blobs...)
			w.check(t, blobs...)
			for i, o := range origins {
				if _, served := o.counts(); served != int64(sizes[i]) {
					t.Errorf("origin %d served %d of %d bytes", i, served, sizes[i])
				}
			}
			again := mustFetch(t, a, nil, blobs...)
			mustClose(t, b)
			mustClose(t, b)
			for _, blob := range blobs {
				checkFile(t, again.Path(blob.Digest), blob)
			}
			mustClose(t, again)
			if left := files(t, a); len(left) != 0 {
				t.Errorf("left: %v", left)
			}
			for i, o := range origins {
				if _, served := o.counts(); served != int64(sizes[i]) {
					t.Errorf("second time, origin %d served again: %d bytes", i, served)
				}
			}
		})
	}
}

func TestFetchSHA512(t *testing.T) {
	data := patterned(1, 3<<20)
	o := &origin{data: data}
	blob := o.blob()
	blob.Digest = digest.NewDigestFromBytes(digest.SHA512, sum512(data))
	mustClose(t, mustFetch(t, Open(t.TempDir()), nil, blob))
}

func sum512(b []byte) []byte { s := sha512.Sum512(b); return s[:] }

func TestFetchData(t *testing.T) {
	data := []byte("{}")
	blob := artifacts.Blob{Digest: digest.FromBytes(data), Size: 2, Data: data}
	w := newWatcher()
	b := mustFetch(t, Open(t.TempDir()), &Options{Progress: w}, blob, blob)
	w.check(t, blob)
	if p := b.Path(digest.FromString("other")); p != "" {
		t.Errorf("path of a foreign digest: %q", p)
	}
	mustClose(t, b)
}

func TestFetchRefuses(t *testing.T) {
	data := []byte("hello")
	good := (&origin{data: data}).blob()
	change := func(f func(*artifacts.Blob)) []artifacts.Blob { b := good; f(&b); return []artifacts.Blob{good, b} }
	for name, c := range map[string]struct {
		blobs  []artifacts.Blob
		verify bool
	}{
		"two sizes":     {blobs: change(func(b *artifacts.Blob) { b.Size++ })},
		"no digest":     {blobs: change(func(b *artifacts.Blob) { b.Digest = "" })},
		"sha384":        {blobs: change(func(b *artifacts.Blob) { b.Digest = digest.SHA384.FromBytes(data) })},
		"path":          {blobs: change(func(b *artifacts.Blob) { b.Digest = "sha256:../../etc/passwd" })},
		"negative size": {blobs: change(func(b *artifacts.Blob) { b.Size = -1 })},
		"no origin":     {blobs: change(func(b *artifacts.Blob) { b.Open = nil })},
		"wrong data":    {verify: true, blobs: change(func(b *artifacts.Blob) { b.Data = []byte("hullo") })},
		"short data":    {verify: true, blobs: change(func(b *artifacts.Blob) { b.Data = []byte("hell") })},
		"not empty":     {verify: true, blobs: []artifacts.Blob{{Digest: good.Digest, Size: 0, Open: good.Open}}},
	} {
		t.Run(name, func(t *testing.T) {
			a := Open(t.TempDir())
			_, err := a.Fetch(t.Context(), c.blobs, nil)
			if err == nil || errors.Is(err, artifacts.ErrVerification) != c.verify {
				t.Errorf("error %v, want one that is about verification: %v", err, c.verify)
			}
			if left := files(t, a); len(left) != 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

func TestFetchCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := Open(t.TempDir())
		ctx, cancel := context.WithCancel(t.Context())
		data := patterned(3, 64<<20)
		o := &origin{data: data}
		half := int64(32 << 20)
		o.fault = func(_ int, from, length int64) (io.ReadCloser, error) {
			if from < half {
				return nil, nil
			}
			cancel()
			return &blocked{done: make(chan struct{})}, nil
		}
		_, err := a.Fetch(ctx, []artifacts.Blob{o.blob()}, nil)
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v, want the context's", err)
		}
		entries, err := a.Entries()
		if err != nil || len(entries) != 1 {
			t.Fatalf("entries %v, %v; want one", entries, err)
		}
		kept := entries[0].Bytes
		if entries[0].InUse || entries[0].Complete || entries[0].Size != int64(len(data)) || kept == 0 {
			t.Errorf("entry %+v", entries[0])
		}
		rest := &origin{data: data}
		mustClose(t, mustFetch(t, a, nil, rest.blob()))
		if _, served := rest.counts(); served != int64(len(data))-kept {
			t.Errorf("served %d after %d were kept of %d", served, kept, len(data))
		}
	})
}

// blocked yields nothing until it is closed.
type blocked struct{ done chan struct{} }

func (b *blocked) Read([]byte) (int, error) { <-b.done; return 0, os.ErrClosed }

func (b *blocked) Close() error {
	select {
	case <-b.done:
	default:
		close(b.done)
	}
	return nil
}

func TestFetchFailsAtOnce(t *testing.T) {
	a := Open(t.TempDir())
	o := &origin{data: patterned(1, 8<<20)}
	o.fault = func(int, int64, int64) (io.ReadCloser, error) { return nil, artifacts.ErrAuthentication }
	before := runtime.NumGoroutine()
	_, err := a.Fetch(t.Context(), []artifacts.Blob{o.blob()}, nil)
	if !errors.Is(err, artifacts.ErrAuthentication) {
		t.Errorf("error %v", err)
	}
	if left := files(t, a); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	if n, _ := o.counts(); n > defaultJobs {
		t.Errorf("%d requests after the first was refused", n)
	}
	if now := runtime.NumGoroutine(); now > before {
		t.Errorf("%d goroutines, %d before", now, before)
	}
}
