package staging

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sys/unix"

	"github.com/paddock-dev/paddock/artifacts"
)

func (o *origin) pending(identity string) artifacts.Pending {
	return artifacts.Pending{Name: "m.gguf", Identity: identity, Size: int64(len(o.data)), Open: o.open}
}

// mustIdentify runs an Identify that must work, and checks its files.
func mustIdentify(t *testing.T, a *Area, opts *Options, data []byte, p artifacts.Pending) *Batch {
	t.Helper()
	b, found, err := a.Identify(t.Context(), []artifacts.Pending{p}, opts)
	if err != nil {
		t.Fatal(err)
	}
	want := artifacts.Blob{Digest: digest.FromBytes(data), Size: int64(len(data))}
	if len(found) != 1 || found[0].Digest != want.Digest || found[0].Size != want.Size {
		t.Fatalf("found %+v", found)
	}
	checkFile(t, b.Path(want.Digest), want)
	return b
}

func TestIdentify(t *testing.T) {
	data := patterned(3, 9<<20+5)
	for name, c := range map[string]struct {
		change   func(*artifacts.Pending)
		noRange  bool
		requests int // at least
	}{
		"ranges":       {func(*artifacts.Pending) {}, false, 2},
		"no ranges":    {func(*artifacts.Pending) {}, true, 2},
		"no identity":  {func(p *artifacts.Pending) { p.Identity = "" }, true, 1},
		"no size":      {func(p *artifacts.Pending) { p.Size = -1 }, true, 1},
		"digest known": {func(p *artifacts.Pending) { p.Size, p.Digest = -1, digest.FromBytes(data) }, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			a, o, w := Open(t.TempDir()), &origin{data: data, noRange: c.noRange}, newWatcher()
			p := o.pending("x")
			c.change(&p)
			b := mustIdentify(t, a, &Options{Progress: w}, data, p)
			if n, served := o.counts(); n < c.requests || served < int64(len(data)) {
				t.Errorf("%d requests, %d bytes", n, served)
			}
			if w.have["m.gguf"] != int64(len(data)) || !w.finished["m.gguf"] {
				t.Errorf("progress: %v, %v", w.have, w.finished)
			}
			_, before := o.counts()
			mustClose(t, mustFetch(t, a, nil, o.blob())) // the blob is here, under its digest
			if _, served := o.counts(); served != before {
				t.Error("read again")
			}
			mustClose(t, b)
			for _, left := range files(t, a) {
				if !strings.HasSuffix(left, knownSuffix) || p.Identity == "" {
					t.Errorf("left %s", left)
				}
			}
		})
	}
}

// What was killed goes on: the journal is of the identity.
func TestIdentifyResumes(t *testing.T) {
	data := patterned(5, 20<<20)
	a, o := Open(t.TempDir()), &origin{data: data}
	gone := errors.New("gone")
	o.fault = func(_ int, from, _ int64) (io.ReadCloser, error) {
		if from >= 10<<20 {
			return nil, gone
		}
		return nil, nil
	}
	if _, _, err := a.Identify(t.Context(), []artifacts.Pending{o.pending("x")}, &Options{Jobs: 1}); !errors.Is(err, gone) {
		t.Fatal(err)
	}
	entries := must(a.Entries())
	if len(entries) != 1 || entries[0].Bytes == 0 || entries[0].Digest.Algorithm() != pendingKind || entries[0].InUse {
		t.Fatalf("entries %+v", entries)
	}
	o.fault = nil
	_, before := o.counts()
	mustClose(t, mustIdentify(t, a, nil, data, o.pending("x")))
	if _, served := o.counts(); served-before != int64(len(data))-entries[0].Bytes {
		t.Errorf("%d bytes again, had %d of %d", served-before, entries[0].Bytes, len(data))
	}
	// Another identity shares nothing.
	_, before = o.counts()
	mustClose(t, mustIdentify(t, a, nil, data, o.pending("y")))
	if _, served := o.counts(); served-before != int64(len(data)) {
		t.Errorf("%d bytes", served-before)
	}
}

// Two who want one identity share its download.
func TestIdentifyShares(t *testing.T) {
	data := patterned(6, 5<<20)
	dir, o := t.TempDir(), &origin{data: data}
	var wg sync.WaitGroup
	for range 3 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			b, _, err := Open(dir).Identify(context.Background(), []artifacts.Pending{o.pending("x")}, nil)
			if err != nil {
				t.Error(err)
				return
			}
			if got := must(os.ReadFile(b.Path(digest.FromBytes(data)))); !slices.Equal(got, data) {
				t.Error("other bytes")
			}
			defer t.Cleanup(func() { _ = b.Close() })
		}()
	}
	wg.Wait()
	if _, served := o.counts(); served != int64(len(data)) {
		t.Errorf("%d bytes", served)
	}
}

// An identity that is known is not read again while its bytes are in the store, and is when they are not.
func TestIdentifyRemembers(t *testing.T) {
	data := patterned(7, 1<<20)
	a, o := Open(t.TempDir()), &origin{data: data}
	mustClose(t, mustIdentify(t, a, nil, data, o.pending("x")))
	own := filepath.Join(t.TempDir(), "own")
	rewrite(t, own, data)
	if err := os.Chmod(own, 0o644); err != nil {
		t.Fatal(err)
	}
	local := func(digest.Digest, int64) []Candidate { return []Candidate{{Path: own, Trusted: true}} }
	_, before := o.counts()
	mustClose(t, mustIdentify(t, a, &Options{Local: local}, data, o.pending("x")))
	if _, served := o.counts(); served != before {
		t.Errorf("%d bytes", served-before)
	}
	mustClose(t, mustIdentify(t, a, nil, data, o.pending("x")))
	if _, served := o.counts(); served != before+int64(len(data)) {
		t.Errorf("%d bytes", served-before)
	}
	for _, age := range []time.Duration{time.Hour, 0} { // what is known of it stays
		if _, err := a.Prune(age, false); err != nil || len(files(t, a)) != 1 {
			t.Errorf("%v, %v", err, files(t, a))
		}
	}
	if err := a.forgetOldest(0); err != nil || len(files(t, a)) != 0 {
		t.Errorf("%v, %v", err, files(t, a))
	}
}

// TestKnownOutlivesPrune: a file in the store that was identified once is not read again after Prune; after the record is lost it is
// read once, and the record is there again. Of too many the oldest go.
func TestKnownOutlivesPrune(t *testing.T) {
	dir := t.TempDir()
	data := patterned(11, 1<<20)
	a, o := Open(filepath.Join(dir, "area")), &origin{data: data}
	stored := filepath.Join(dir, "stored")
	rewrite(t, stored, data)
	if err := os.Chmod(stored, 0o644); err != nil {
		t.Fatal(err)
	}
	opts := &Options{Local: func(digest.Digest, int64) []Candidate { return []Candidate{{Path: stored, Trusted: true}} }}
	p := o.pending("x")
	for i, want := range []int64{1, 1, 2, 2} { // times that all was read
		mustClose(t, mustIdentify(t, a, opts, data, p))
		if _, err := a.Prune(0, false); err != nil {
			t.Fatal(err)
		}
		if _, served := o.counts(); served != want*int64(len(data)) {
			t.Errorf("after pull %d: %d bytes were read, want %d times all", i+1, served, want)
		}
		if i == 1 {
			if err := a.forgetOldest(0); err != nil {
				t.Fatal(err)
			}
		}
	}
	old := a.place(pendingKey(&artifacts.Pending{Identity: "old"}))
	if err := old.remember(artifacts.Found{Digest: digest.FromString("old"), Size: 3}); err != nil {
		t.Fatal(err)
	}
	long := time.Now().Add(-time.Hour)
	if err := os.Chtimes(old.file(knownSuffix), long, long); err != nil {
		t.Fatal(err)
	}
	if err := a.forgetOldest(1); err != nil {
		t.Fatal(err)
	}
	if was, err := old.recall(); err != nil || was.Digest != "" {
		t.Errorf("the oldest is still known: %+v, %v", was, err)
	}
	if was, err := a.place(pendingKey(&p)).recall(); err != nil || was.Digest != digest.FromBytes(data) {
		t.Errorf("the newest is known no more: %+v, %v", was, err)
	}
}

func TestIdentifyWrong(t *testing.T) {
	data := patterned(8, 1<<20)
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		change func(*artifacts.Pending)
		want   error
	}{
		"digest":            {func(p *artifacts.Pending) { p.Digest = digest.FromString("x") }, artifacts.ErrVerification},
		"digest of stream":  {func(p *artifacts.Pending) { p.Digest, p.Size = digest.FromString("x"), -1 }, artifacts.ErrVerification},
		"longer":            {func(p *artifacts.Pending) { p.Size++ }, artifacts.ErrVerification},
		"error":             {func(p *artifacts.Pending) { p.Open = fails(broken) }, broken},
		"error of stream":   {func(p *artifacts.Pending) { p.Open, p.Size = fails(broken), -1 }, broken},
		"error, nameless":   {func(p *artifacts.Pending) { p.Open, p.Identity = fails(broken), "" }, broken},
		"local and missing": {func(p *artifacts.Pending) { p.Open, p.Path = nil, "/nonexistent/file" }, os.ErrNotExist},
	} {
		t.Run(name, func(t *testing.T) {
			a, o := Open(t.TempDir()), &origin{data: data}
			p := o.pending("x")
			c.change(&p)
			if _, _, err := a.Identify(t.Context(), []artifacts.Pending{p}, nil); !errors.Is(err, c.want) {
				t.Errorf("%v", err)
			}
			if left := files(t, a); len(left) != 0 {
				t.Errorf("left %v", left)
			}
		})
	}
	for _, p := range []artifacts.Pending{{}, {Name: "a"}, {Name: "a", Path: "/a", Size: -1}, {Name: "a", Path: "/a", Open: fails(broken)}, {Name: "a", Path: "/a", Size: -2}} {
		if _, _, err := Open(t.TempDir()).Identify(t.Context(), []artifacts.Pending{p}, nil); err == nil {
			t.Errorf("%+v accepted", p)
		}
	}
}

func fails(err error) artifacts.Opener {
	return func(context.Context, int64, int64) (io.ReadCloser, error) { return nil, err }
}

// A stream that breaks begins anew, and mixes nothing.
func TestIdentifyBrokenStream(t *testing.T) {
	data := patterned(9, 1<<20)
	o := &origin{data: data, noRange: true}
	o.fault = func(n int, _, _ int64) (io.ReadCloser, error) {
		if n == 1 {
			return breaking(data[:300<<10], io.ErrUnexpectedEOF), nil
		}
		return nil, nil
	}
	p := o.pending("x")
	p.Size = -1
	w := newWatcher()
	mustClose(t, mustIdentify(t, Open(t.TempDir()), &Options{Progress: w}, data, p))
	if w.have["m.gguf"] != int64(len(data)) {
		t.Errorf("progress %d", w.have["m.gguf"])
	}
}

// A local file is shared where that is safe, copied where it is not, and never altered.
func TestIdentifyLocal(t *testing.T) {
	data := patterned(10, 3<<20)
	for name, mode := range map[string]os.FileMode{"linked": 0o644, "private": 0o600} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "m.gguf")
			rewrite(t, path, data)
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
			a, w := Open(filepath.Join(dir, "area")), newWatcher()
			p := artifacts.Pending{Name: "m.gguf", Size: int64(len(data)), Path: path}
			b := mustIdentify(t, a, &Options{Progress: w}, data, p)
			same := os.SameFile(must(os.Stat(path)), must(os.Stat(b.Path(digest.FromBytes(data)))))
			if want := mode == 0o644 && !canClone(t, path); same != want {
				t.Errorf("the same file: %v", same)
			}
			mustClose(t, b)
			if got := must(os.ReadFile(path)); !slices.Equal(got, data) || must(os.Stat(path)).Mode() != mode {
				t.Error("the file was altered")
			}
			if left := files(t, a); len(left) != 0 {
				t.Errorf("left %v", left)
			}
			p.Size++
			if _, _, err := a.Identify(t.Context(), []artifacts.Pending{p}, nil); err == nil {
				t.Error("another size accepted")
			}
		})
	}
}

// changing alters a file while it is read.
type changing struct {
	*os.File
	t *testing.T
}

func (c *changing) Read(p []byte) (int, error) {
	n, err := c.File.Read(p)
	if err == io.EOF {
		late := unix.NsecToTimespec(time.Now().Add(time.Hour).UnixNano())
		if err := unix.UtimesNanoAt(unix.AT_FDCWD, c.Name(), []unix.Timespec{late, late}, 0); err != nil {
			c.t.Error(err)
		}
	}
	return n, err
}

func TestChangedWhileRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m")
	rewrite(t, path, []byte("weights"))
	src := must(os.Open(path))
	defer src.Close()
	it := must(Open(t.TempDir()).pendingItem(&artifacts.Pending{Name: "m", Path: path, Size: 7}))
	a := &adoption{item: it, src: src, before: must(src.Stat()), buf: make([]byte, 10)}
	err := a.check(t.Context(), io.Discard, &changing{src, t})
	if !errors.Is(err, artifacts.ErrVerification) || !strings.Contains(err.Error(), "changed while it was read") {
		t.Error(err)
	}
}
