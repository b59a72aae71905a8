package staging

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"sync"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
)

// pattern fills b with the bytes of an endless blob from off on; both are multiples of 8. Each seed is another blob.
//
//go:norace
func pattern(b []byte, seed uint64, off int64) {
	for i := 0; i+8 <= len(b); i += 8 {
		x := (uint64(off+int64(i))>>3 + seed<<40) * 0x9e3779b97f4a7c15
		x ^= x >> 29
		binary.LittleEndian.PutUint64(b[i:], x)
	}
}

func patterned(seed uint64, size int) []byte {
	b := make([]byte, (size+7)/8*8)
	pattern(b, seed, 0)
	return b[:size]
}

// origin serves data; fault may answer a request instead, by its number from 1 on (nil, nil: as usual).
type origin struct {
	data    []byte
	noRange bool
	fault   func(n int, from, length int64) (io.ReadCloser, error)

	mu       sync.Mutex
	requests int
	served   int64
}

func (o *origin) open(_ context.Context, from, length int64) (io.ReadCloser, error) {
	o.mu.Lock()
	o.requests++
	n := o.requests
	o.mu.Unlock()
	if o.fault != nil {
		if body, err := o.fault(n, from, length); body != nil || err != nil {
			return body, err
		}
	}
	if o.noRange && (from != 0 || length != -1) {
		return nil, fmt.Errorf("asking for %d: %w", from, artifacts.ErrNoRange)
	}
	if from > int64(len(o.data)) {
		return nil, fmt.Errorf("range from %d is beyond the end", from)
	}
	rest := o.data[from:]
	if length >= 0 && length < int64(len(rest)) {
		rest = rest[:length]
	}
	return &counted{bytes.NewReader(rest), o}, nil
}

func (o *origin) blob() artifacts.Blob {
	return artifacts.Blob{Digest: digest.FromBytes(o.data), Size: int64(len(o.data)), Open: o.open}
}

func (o *origin) counts() (requests int, served int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.requests, o.served
}

type counted struct {
	io.Reader
	o *origin
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.o.mu.Lock()
	defer c.o.mu.Unlock()
	c.o.served += int64(n)
	return n, err
}

func (*counted) Close() error { return nil }

// watcher records what a Fetch tells, and checks that it adds up.
type watcher struct {
	mu       sync.Mutex
	size     map[digest.Digest]int64
	have     map[digest.Digest]int64
	finished map[digest.Digest]bool
	waits    []string
	onWait   func(string)
}

func newWatcher() *watcher {
	return &watcher{size: map[digest.Digest]int64{}, have: map[digest.Digest]int64{}, finished: map[digest.Digest]bool{}}
}

func (w *watcher) Start(d digest.Digest, size, done int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, twice := w.size[d]; twice {
		panic("started twice: " + d)
	}
	w.size[d], w.have[d] = size, done
}

func (w *watcher) Advance(d digest.Digest, n int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.have[d] += n
}

func (w *watcher) Finish(d digest.Digest) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.finished[d] = true
}

func (w *watcher) Wait(reason string) {
	w.mu.Lock()
	w.waits = append(w.waits, reason)
	f := w.onWait
	w.mu.Unlock()
	if f != nil {
		f(reason)
	}
}

func (w *watcher) check(t *testing.T, blobs ...artifacts.Blob) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, b := range blobs {
		if w.size[b.Digest] != b.Size || w.have[b.Digest] != b.Size || !w.finished[b.Digest] {
			t.Errorf("progress of %s: size %d, have %d, finished %v; want size %d", b.Digest, w.size[b.Digest], w.have[b.Digest], w.finished[b.Digest], b.Size)
		}
	}
}

// fetch runs a Fetch that must work, and checks its files.
func mustFetch(t *testing.T, a *Area, opts *Options, blobs ...artifacts.Blob) *Batch {
	t.Helper()
	b, err := a.Fetch(t.Context(), blobs, opts)
	if err != nil {
		t.Fatalf("Fetch: %v", err)
	}
	for _, blob := range blobs {
		checkFile(t, b.Path(blob.Digest), blob)
	}
	return b
}

func checkFile(t *testing.T, path string, blob artifacts.Blob) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	got, err := blob.Digest.Algorithm().FromReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if got != blob.Digest || info.Size() != blob.Size || info.Mode() != 0o644 {
		t.Fatalf("%s: %s, %d bytes, %v; want %s, %d bytes", path, got, info.Size(), info.Mode(), blob.Digest, blob.Size)
	}
}

func mustClose(t *testing.T, b *Batch) {
	t.Helper()
	if err := b.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

// files lists what is in an area's folder.
func files(t *testing.T, a *Area) []string {
	t.Helper()
	list, err := os.ReadDir(a.dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var out []string
	for _, f := range list {
		out = append(out, f.Name())
	}
	return out
}

// breaking yields data, then err.
func breaking(data []byte, err error) io.ReadCloser {
	return io.NopCloser(io.MultiReader(bytes.NewReader(data), errReader{err}))
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }
