package unpack

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// The limits of the fuzzed calls. Whatever the bytes, no more is ever on disk.
const (
	fuzzTotal   = 1 << 20
	fuzzFile    = 1 << 19
	fuzzEntries = 64
)

// FuzzUnpack: no panic, nothing outside the folder, nothing beyond the limits, and after an error nothing at all.
func FuzzUnpack(f *testing.F) {
	encodings := []packaging.Encoding{packaging.Tar, packaging.TarGzip, packaging.TarZstd, packaging.Raw}
	for _, plain := range fuzzSeeds(f) {
		for i, e := range encodings {
			f.Add(compress(f, e, plain), uint8(i), "label", "")
		}
	}
	f.Add(makeTar(f, file("a", "1")), uint8(0), "dir/a", "dir")
	f.Fuzz(func(t *testing.T, data []byte, encoding uint8, label, folder string) {
		around := t.TempDir()
		dir := filepath.Join(around, "out")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		l := layers{}
		m := fuzzModel(l, data, encodings[int(encoding)%len(encodings)], label, folder)
		res, err := Model(t.Context(), m, l.open, dir, &Options{MaxTotal: fuzzTotal, MaxFile: fuzzFile, MaxEntries: fuzzEntries, MaxRatio: 10})
		if names := listed(t, around); len(names) != 1 {
			t.Fatalf("wrote %v", names)
		}
		if err != nil {
			known := []error{artifacts.ErrVerification, packaging.ErrUnsafePath, ErrNothing}
			if res != nil || !slices.ContainsFunc(known, func(k error) bool { return errors.Is(err, k) }) {
				t.Errorf("%+v, %v", res, err)
			}
			if left := listed(t, dir); len(left) > 0 {
				t.Errorf("%v left %v", err, left)
			}
			return
		}
		checkResult(t, l, dir, res)
	})
}

// fuzzModel is a model of one layer, whose name the publisher gave unless it is unfit; Raw is for a manifest that says
// nothing of it.
func fuzzModel(l layers, data []byte, e packaging.Encoding, label, folder string) *packaging.Model {
	f := l.put(data, packaging.File{Path: label, Encoding: e})
	if clean, err := packaging.CleanPath(label); err != nil || clean != label || e == packaging.Raw {
		f.MadeUp, f.Path = true, "sha256-"+f.Digest.Encoded()
	}
	if clean, err := packaging.CleanPath(folder); err == nil {
		f.Folder = clean
	}
	format := packaging.ModelKit
	if e == packaging.Raw {
		format = packaging.Unknown
	}
	return &packaging.Model{Format: format, Files: []packaging.File{f}}
}

func checkResult(t *testing.T, l layers, dir string, res *Result) {
	t.Helper()
	if n := len(res.Files); n > fuzzEntries+1 {
		t.Errorf("%d files", n)
	}
	contents(t, l, dir, res)
	total := int64(0)
	for _, size := range res.Written {
		total += size
	}
	if total > fuzzTotal {
		t.Errorf("%d bytes written", total)
	}
	if len(res.Files) == 0 {
		return
	}
	// Everything that may be unpacked may be published.
	if _, _, err := packaging.Derive(&packaging.Origin{Manifest: []byte("{}")}, res.Files); err != nil {
		t.Error(err)
	}
}

func fuzzSeeds(f *testing.F) [][]byte {
	parts := func(p [][]byte) []byte { return rawTar(p...) }
	return [][]byte{
		nil, []byte("GGUF"), bytes.Repeat([]byte("text"), 300), make([]byte, 2048),
		makeTar(f, file("a", "1"), special(tar.TypeDir, "d/"), file("d/b", "22"), file("d/c", "22")),
		makeTar(f, file("a", "1"), link(tar.TypeSymlink, "d/l", "../a"), link(tar.TypeLink, "h", "a"), link(tar.TypeSymlink, "k", "h")),
		makeTar(f, link(tar.TypeSymlink, "a", "b"), link(tar.TypeSymlink, "b", "a")),
		makeTar(f, file("../a", "1")), makeTar(f, file("/a", "1")), makeTar(f, file("a", "1"), file("a/b", "1")),
		makeTar(f, special(tar.TypeChar, "c")), makeTar(f, special(tar.TypeFifo, "p")), makeTar(f, file("a", string(make([]byte, 70000)))),
		parts(sparse("s", 1000)), parts(sparse("s", 1<<60)), parts(withPax(block{name: "x", kind: '0'}, "path", "a/b")),
		parts(withPax(block{name: "x", kind: '0'}, "path", "../b")), parts(withPax(block{name: "x", kind: '2'}, "linkpath", "../../b")),
		makeTar(f, tarEntry{Header: tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"size": "1"}}}),
	}
}

// FuzzReader: layers that are delivered in any pieces give the same files.
func FuzzReader(f *testing.F) {
	for _, plain := range fuzzSeeds(f) {
		f.Add(compress(f, packaging.TarGzip, plain), uint16(1))
		f.Add(compress(f, packaging.TarGzip, plain), uint16(511))
	}
	f.Fuzz(func(t *testing.T, data []byte, piece uint16) {
		l := layers{}
		m := l.model(data, packaging.TarGzip)
		inPieces := func(ctx context.Context, d digest.Digest) (io.ReadCloser, error) {
			return io.NopCloser(&pieces{bytes.NewReader(l[d]), int(piece)%len(l[d]) + 1}), nil
		}
		if len(data) == 0 {
			return
		}
		opts := &Options{MaxTotal: fuzzTotal, MaxFile: fuzzFile, MaxEntries: fuzzEntries, MaxRatio: 10}
		whole, err := Model(t.Context(), m, l.open, t.TempDir(), opts)
		cut, errCut := Model(t.Context(), m, inPieces, t.TempDir(), opts)
		if (err == nil) != (errCut == nil) {
			t.Fatalf("%v, but in pieces %v", err, errCut)
		}
		if err == nil && !slices.Equal(whole.Files, cut.Files) {
			t.Errorf("%+v, but in pieces %+v", whole.Files, cut.Files)
		}
	})
}

// pieces is a reader that yields few bytes at a time.
type pieces struct {
	r io.Reader
	n int
}

func (p *pieces) Read(b []byte) (int, error) { return p.r.Read(b[:min(len(b), p.n)]) }
