package unpack

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// file is a regular entry.
func file(name, content string) tarEntry {
	return tarEntry{Header: tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(content)), Mode: 0o755}, content: content}
}

func link(kind byte, name, target string) tarEntry {
	return tarEntry{Header: tar.Header{Typeflag: kind, Name: name, Linkname: target}}
}

func special(kind byte, name string) tarEntry {
	return tarEntry{Header: tar.Header{Typeflag: kind, Name: name}}
}

type tarEntry struct {
	tar.Header
	content string
}

func makeTar(t testing.TB, entries ...tarEntry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := range entries {
		if err := w.WriteHeader(&entries[i].Header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, entries[i].content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func compress(t testing.TB, e packaging.Encoding, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch e {
	case packaging.TarGzip:
		w = gzip.NewWriter(&b)
	case packaging.TarZstd:
		z, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		w = z
	default:
		return plain
	}
	_, err := w.Write(plain)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// layers is where a test's layers are.
type layers map[digest.Digest][]byte

func (l layers) open(_ context.Context, d digest.Digest) (io.ReadCloser, error) {
	data, ok := l[d]
	if !ok {
		return nil, os.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

// put makes a file of a model of a layer's bytes.
func (l layers) put(data []byte, f packaging.File) packaging.File {
	f.Digest, f.Size = digest.FromBytes(data), int64(len(data))
	l[f.Digest] = data
	return f
}

// model is one of a single tar.
func (l layers) model(data []byte, e packaging.Encoding) *packaging.Model {
	return &packaging.Model{Format: packaging.ModelPack, Files: []packaging.File{l.put(data, packaging.File{Path: "label", Encoding: e})}}
}

// contents reads back what a result says, by path, and checks that there is nothing else in the folder.
func contents(t *testing.T, l layers, dir string, res *Result) map[string]string {
	t.Helper()
	got := map[string]string{}
	for _, f := range res.Files {
		data, raw := l[f.Digest]
		if _, written := res.Written[f.Digest]; written {
			info, err := os.Stat(Path(dir, f.Digest))
			if err != nil || info.Mode() != 0o644 {
				t.Fatalf("%s: %v, %v", f.Path, info, err)
			}
			if data, err = os.ReadFile(Path(dir, f.Digest)); err != nil {
				t.Fatal(err)
			}
		} else if !raw {
			t.Fatalf("%s is neither a layer nor written", f.Path)
		}
		if digest.FromBytes(data) != f.Digest || int64(len(data)) != f.Size {
			t.Errorf("%s: %d bytes of %s; want %d of %s", f.Path, len(data), digest.FromBytes(data), f.Size, f.Digest)
		}
		got[f.Path] = string(data)
	}
	if n := len(listed(t, dir)); n != len(res.Written) {
		t.Errorf("%d files in the folder, %d said to be written", n, len(res.Written))
	}
	return got
}

func listed(t testing.TB, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	hidden, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil {
		t.Fatal(err)
	}
	return append(names, hidden...)
}
