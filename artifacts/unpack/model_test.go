package unpack

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// TestPlacement: one archive of a model, and the paths of its files.
func TestPlacement(t *testing.T) {
	for _, c := range []struct {
		what  string
		layer packaging.File // Encoding "" is Tar
		in    []tarEntry
		want  map[string]string
	}{
		{"modctl", packaging.File{Path: "sub/m.gguf"}, []tarEntry{file("sub/m.gguf", "w")}, map[string]string{"sub/m.gguf": "w"}},
		{"AIKit weights", packaging.File{Path: "sub/m.gguf", Encoding: packaging.TarZstd}, []tarEntry{file("m.gguf", "w")}, map[string]string{"sub/m.gguf": "w"}},
		{"AIKit label", packaging.File{Path: "config", Encoding: packaging.TarGzip},
			[]tarEntry{file("config.json", "{}"), file("tokenizer.json", "t")}, map[string]string{"config.json": "{}", "tokenizer.json": "t"}},
		{"another name", packaging.File{Path: "docs"}, []tarEntry{file("./README.md", "r")}, map[string]string{"README.md": "r"}},
		{"a label that is its folder", packaging.File{Path: "sub"}, []tarEntry{special(tar.TypeDir, "sub/"), file("sub/sub", "x")}, map[string]string{"sub/sub": "x"}},
		{"old kit", packaging.File{Path: "data/train.csv", Folder: "data"}, []tarEntry{file("train.csv", "1")}, map[string]string{"data/train.csv": "1"}},
		{"old kit, folder", packaging.File{Path: "a/models", Folder: "a"},
			[]tarEntry{special(tar.TypeDir, "models/"), file("models/x", "1"), file("models/y/z", "2")}, map[string]string{"a/models/x": "1", "a/models/y/z": "2"}},
		{"new kit", packaging.File{Path: "models"}, []tarEntry{special(tar.TypeDir, "./"), file("models/x", "1")}, map[string]string{"models/x": "1"}},
		{"links", packaging.File{Path: "l"}, []tarEntry{
			link(tar.TypeSymlink, "a/l1", "../b/./f"), file("b/f", "content"), link(tar.TypeLink, "d/h", "b/f"), link(tar.TypeSymlink, "l2", "a/l1"),
		}, map[string]string{"a/l1": "content", "b/f": "content", "d/h": "content", "l2": "content"}},
		{"the same twice", packaging.File{Path: "l"}, []tarEntry{file("a", "1"), file("./a", "1"), file("b", "1"), link(tar.TypeLink, "a", "b")},
			map[string]string{"a": "1", "b": "1"}},
		{"a comment for all", packaging.File{Path: "l"}, []tarEntry{
			{Header: tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "commit"}}}, file("a", ""),
		}, map[string]string{"a": ""}},
		{"nothing", packaging.File{Path: "l"}, nil, map[string]string{}},
	} {
		t.Run(c.what, func(t *testing.T) {
			if c.layer.Encoding == "" {
				c.layer.Encoding = packaging.Tar
			}
			plain := makeTar(t, c.in...)
			c.layer.DiffID = digest.FromBytes(plain)
			l, dir := layers{}, t.TempDir()
			m := &packaging.Model{Files: []packaging.File{l.put(compress(t, c.layer.Encoding, plain), c.layer)}}
			res, err := Model(t.Context(), m, l.open, dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := contents(t, l, dir, res); !maps.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestSeveralLayers: files, archives and nameless layers of one model, some of the same content.
func TestSeveralLayers(t *testing.T) {
	l, dir := layers{}, t.TempDir()
	gguf := "GGUF and more"
	raw := func(path, content string, madeUp bool) packaging.File {
		return l.put([]byte(content), packaging.File{Path: path, MadeUp: madeUp, Role: packaging.RoleByName(path), Encoding: packaging.Raw})
	}
	nameless := raw("", gguf, true)
	nameless.Path = "sha256-" + nameless.Digest.Encoded()
	files := []packaging.File{
		raw("config.json", "{}", false), raw("LICENSE", "mine", true), raw("README.md", "r", true), nameless,
		l.put(makeTar(t, file("LICENSE", "theirs"), file("README.md", "r"), file("config.json", "{}")),
			packaging.File{Path: "docs", Family: packaging.Doc, Encoding: packaging.Tar}),
		l.put(compress(t, packaging.TarGzip, makeTar(t, file("model", gguf), file("dir/x.safetensors", "w"))),
			packaging.File{Path: "weights", Encoding: packaging.TarGzip}),
	}
	res, err := Model(t.Context(), &packaging.Model{Format: packaging.Docker, Files: files}, l.open, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"config.json": "{}", "LICENSE": "theirs", "LICENSE_2": "mine", "README.md": "r", nameless.Path + ".gguf": gguf,
		"model": gguf, "dir/x.safetensors": "w",
	}
	if got := contents(t, l, dir, res); !maps.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	roles := map[string]packaging.Role{}
	for _, f := range res.Files {
		roles[f.Path] = f.Role
	}
	wantRoles := map[string]packaging.Role{
		"config.json": packaging.Config, "LICENSE": packaging.License, "LICENSE_2": packaging.License, "README.md": packaging.Doc,
		nameless.Path + ".gguf": packaging.Weights, "model": packaging.Weights, "dir/x.safetensors": packaging.Weights,
	}
	if !maps.Equal(roles, wantRoles) {
		t.Errorf("roles %v, want %v", roles, wantRoles)
	}
}

// TestUnknown: a manifest that describes nothing, by what is in its layers.
func TestUnknown(t *testing.T) {
	plain := makeTar(t, file("m.gguf", "w"))
	safetensors := "\x02\x00\x00\x00\x00\x00\x00\x00{}"
	for _, c := range []struct {
		what  string
		layer string
		want  []string // "*" is the name of the blob
	}{
		{"tar", string(plain), []string{"m.gguf"}},
		{"tar+gzip", string(compress(t, packaging.TarGzip, plain)), []string{"m.gguf"}},
		{"tar+zstd", string(compress(t, packaging.TarZstd, plain)), []string{"m.gguf"}},
		{"GGUF", "GGUF", []string{"*.gguf"}},
		{"safetensors", safetensors, []string{"*.safetensors"}},
		{"too short for its header", safetensors[:9], nil},
		{"compressed text", string(compress(t, packaging.TarGzip, []byte("text"))), nil},
		{"half a gzip header", "\x1f\x8b\x08", nil},
		{"text", "text", nil}, {"nothing", "", nil},
	} {
		l, dir := layers{}, t.TempDir()
		f := l.put([]byte(c.layer), packaging.File{MadeUp: true, Role: packaging.Other, Encoding: packaging.Raw})
		f.Path = "sha256-" + f.Digest.Encoded()
		res, err := Model(t.Context(), &packaging.Model{Format: packaging.Unknown, Files: []packaging.File{f}}, l.open, dir, nil)
		if c.want == nil {
			if !errors.Is(err, ErrNothing) {
				t.Errorf("%s: %+v, %v", c.what, res, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		for i, got := range slices.Sorted(maps.Keys(contents(t, l, dir, res))) {
			if want := c.want[i]; got != want && (want[0] != '*' || got != f.Path+want[1:]) || res.Files[i].Role != packaging.Weights {
				t.Errorf("%s: got %s %s, want %s", c.what, got, res.Files[i].Role, want)
			}
		}
	}
}

// TestLarge: a content of more than one buffer, and entries that end inside one.
func TestLarge(t *testing.T) {
	big := make([]byte, 3*copyBuffer+77)
	for i := range big {
		big[i] = byte(i * i >> 7)
	}
	for _, e := range []packaging.Encoding{packaging.Tar, packaging.TarGzip, packaging.TarZstd} {
		l, dir := layers{}, t.TempDir()
		m := l.model(compress(t, e, makeTar(t, file("a", string(big)), file("b", "small"))), e)
		res, err := Model(t.Context(), m, l.open, dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := contents(t, l, dir, res); got["a"] != string(big) || got["b"] != "small" {
			t.Errorf("%s: other content", e)
		}
	}
}

// TestStopped: a cancelled call, and a source that fails, say so and leave nothing.
func TestStopped(t *testing.T) {
	broken := errors.New("the disk is broken")
	for _, e := range []packaging.Encoding{packaging.Tar, packaging.TarGzip, packaging.TarZstd} {
		l, dir := layers{}, t.TempDir()
		m := l.model(compress(t, e, makeTar(t, file("a", "1"), file("b", "2"))), e)
		fails := func(ctx context.Context, d digest.Digest) (io.ReadCloser, error) {
			data := l[d][:len(l[d])/2]
			return io.NopCloser(io.MultiReader(bytes.NewReader(data), failing{broken})), nil
		}
		if _, err := Model(t.Context(), m, fails, dir, nil); !errors.Is(err, broken) {
			t.Errorf("%s: %v", e, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		stops := func(ctx context.Context, d digest.Digest) (io.ReadCloser, error) {
			cancel()
			return l.open(ctx, d)
		}
		if _, err := Model(ctx, m, stops, dir, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", e, err)
		}
		if _, err := Model(t.Context(), m, layers{}.open, dir, nil); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %v", e, err)
		}
		if _, err := Model(t.Context(), m, l.open, dir+"/missing", nil); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %v", e, err)
		}
		if left := listed(t, dir); len(left) > 0 {
			t.Errorf("%s: left %v", e, left)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
