package imagetree

import (
	"archive/tar"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts/packaging"
)

func TestRoot(t *testing.T) {
	if "/"+root != packaging.ImageRoot {
		t.Errorf("%s is not %s", root, packaging.ImageRoot)
	}
}

// entry reads one entry: "NAME/" is a folder, "NAME -> TARGET" a symbolic link, "NAME = TARGET" a hard link, "NAME | x" a pipe,
// "NAME ~ x" a sparse file, and everything else a file.
func entry(s string) *tar.Header {
	name, rest, _ := strings.Cut(s, " ")
	mark, target, _ := strings.Cut(rest, " ")
	kinds := map[string]byte{"": tar.TypeReg, "->": tar.TypeSymlink, "=": tar.TypeLink, "|": tar.TypeFifo, "~": tar.TypeGNUSparse}
	h := &tar.Header{Name: name, Typeflag: kinds[mark], Linkname: target, Size: int64(len(name))}
	if strings.HasSuffix(name, "/") {
		h.Typeflag = tar.TypeDir
	}
	return h
}

// build applies layers, each a list of entries. A file's content is called by the number of its layer, as "1:NAME".
func build(layers [][]string) (*Tree, error) {
	t := NewTree()
	for i, entries := range layers {
		l := NewLayer(digest.Digest(fmt.Sprint("layer", i+1)))
		for _, e := range entries {
			h := entry(e)
			if err := l.Add(h, digest.Digest(fmt.Sprintf("%d:%s", i+1, h.Name)), t); err != nil {
				return nil, err
			}
		}
		t.Apply(l)
	}
	return t, nil
}

func TestFiles(t *testing.T) {
	for _, c := range []struct {
		name    string
		layers  [][]string
		want    string // PATH=CONTENT of every file
		pointer string
	}{
		{"nothing", [][]string{{"etc/passwd", "models-of/x", "mod"}}, "", ""},
		{"names as tars have them", [][]string{{"models/", "./models/a", "/models/b", "models/s/", "models//s/./c"}}, "a=1:./models/a b=1:/models/b s/c=1:models//s/./c", ""},
		{"the upper layer counts", [][]string{{"models/a", "models/b"}, {"models/a"}}, "a=2:models/a b=1:models/b", ""},
		{"a whiteout", [][]string{{"models/a", "models/b", "models/s/c"}, {"models/.wh.a", "models/.wh.s"}}, "b=1:models/b", ""},
		{"a whiteout of nothing", [][]string{{"models/a"}, {"models/.wh.b", "etc/.wh.a"}}, "a=1:models/a", ""},
		{"a whiteout of all models", [][]string{{"models/a"}, {".wh.models"}}, "", ""},
		{"a whiteout takes only what is below", [][]string{{"models/a"}, {"models/a", "models/.wh.a"}}, "a=2:models/a", ""},
		{"and what is below is of any age", [][]string{{"models/a"}, {"models/b"}, {"models/.wh.a"}}, "b=2:models/b", ""},
		{"what was taken away comes back", [][]string{{"models/a"}, {"models/.wh.a"}, {"models/a"}}, "a=3:models/a", ""},
		{"a whiteout is of a whole name", [][]string{{"models/a", "models/ab", "models/a.b/c"}, {"models/.wh.a"}}, "a.b/c=1:models/a.b/c ab=1:models/ab", ""},
		{"an opaque folder", [][]string{{"models/s/a", "models/s/t/b", "models/c"}, {"models/s/d", "models/s/.wh..wh..opq"}}, "c=1:models/c s/d=2:models/s/d", ""},
		{"opaque models", [][]string{{"models/a"}, {"models/.wh..wh..opq", "models/b"}}, "b=2:models/b", ""},
		{"an opaque root", [][]string{{"models/a"}, {".wh..wh..opq", "models/b"}}, "b=2:models/b", ""},
		{"opaque elsewhere", [][]string{{"models/a"}, {"etc/.wh..wh..opq"}}, "a=1:models/a", ""},
		{"a file for a folder", [][]string{{"models/a/", "models/a/b"}, {"models/a"}}, "a=2:models/a", ""},
		{"a folder again", [][]string{{"models/a/", "models/a/b"}, {"models/a/"}}, "a/b=1:models/a/b", ""},
		{"links", [][]string{{"models/s/a", "models/b -> s/a", "models/c -> /models/s/a", "models/s/d -> ../b", "models/e -> gone"}}, "b=1:models/s/a c=1:models/s/a s/a=1:models/s/a s/d=1:models/s/a", ""},
		{"a link to a folder", [][]string{{"models/s/a", "models/d -> s", "models/e -> d/a"}}, "e=1:models/s/a s/a=1:models/s/a", ""},
		{"a link into the layer below", [][]string{{"models/a"}, {"models/b -> a"}}, "a=1:models/a b=1:models/a", ""},
		{"a link sees what is above", [][]string{{"models/a", "models/b -> a"}, {"models/a"}}, "a=2:models/a b=2:models/a", ""},
		{"pointers", [][]string{{"models/m/a.gguf", "models/model.file -> m/a.gguf", "models/mmproj.file -> m/a.gguf", "models/s/x.file -> ../m/a.gguf"}}, "m/a.gguf=1:models/m/a.gguf s/x.file=1:models/m/a.gguf", "m/a.gguf"},
		{"a pointer that is a file", [][]string{{"models/model.file"}}, "model.file=1:models/model.file", ""},
		{"a hard link", [][]string{{"models/a", "models/b = models/a", "models/c = /models/b"}}, "a=1:models/a b=1:models/a c=1:models/a", ""},
		{"a hard link keeps what it leads to", [][]string{{"models/a"}, {"models/b = models/a"}, {"models/.wh.a"}}, "b=1:models/a", ""},
		{"a hard link outside", [][]string{{"etc/a", "etc/b = etc/a"}}, "", ""},
		{"a sparse file", [][]string{{"models/a ~ x"}}, "a=1:models/a", ""},
		{"what is under no folder of models", [][]string{{"models", "models/"}}, "", ""},
	} {
		tree, err := build(c.layers)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		files, pointer, err := tree.Files()
		var got []string
		for _, f := range files {
			got = append(got, f.Path+"="+f.Digest.String())
			if _, content, _ := strings.Cut(f.Digest.String(), ":"); f.Size != int64(len(content)) {
				t.Errorf("%s: %s has %d bytes", c.name, f.Path, f.Size)
			}
		}
		if err != nil || strings.Join(got, " ") != c.want || pointer != c.pointer {
			t.Errorf("%s: got %q, pointer %q, %v", c.name, got, pointer, err)
		}
	}
}

// TestRefused: every refusal is one of unsafe paths, and says what is unsafe.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		layers [][]string
		says   string
	}{
		{"a link out", [][]string{{"models/a -> /etc/passwd"}}, `layer layer1: "/models/a" leads out of /models, to "/etc/passwd"`},
		{"a relative link out", [][]string{{"models/s/a -> ../../etc/passwd"}}, "/etc/passwd"},
		{"out and in again", [][]string{{"models/b", "models/a -> /etc/../models-of/b"}}, "/models-of/b"},
		{"above the root", [][]string{{"models/a -> ../../../x"}}, `to "/x"`},
		{"through a folder", [][]string{{"models/d -> /etc"}, {"models/a -> d/passwd"}}, "leads out"},
		{"a circle", [][]string{{"models/a -> b", "models/b -> a"}}, "without an end"},
		{"the folder is a link", [][]string{{"models -> /etc"}}, "is no folder"},
		{"the folder is a file", [][]string{{"models/"}, {"models"}}, "layer layer2"},
		{"a pipe", [][]string{{"models/p | x"}}, "neither a file"},
		{"a link to a pipe", [][]string{{"models/p | x", "models/a -> p"}}, "neither a file"},
		{"a path that leads up", [][]string{{"models/../models/a"}}, `".." element`},
		{"one that leads up elsewhere", [][]string{{"../etc/passwd"}}, `".." element`},
		{"a hard link that leads up", [][]string{{"models/a", "models/b = models/../models/a"}}, `".." element`},
		{"a hard link out", [][]string{{"etc/passwd", "models/a = etc/passwd"}}, `hard link to "etc/passwd"`},
		{"a hard link to nothing", [][]string{{"models/a = models/b"}}, "hard link"},
		{"a hard link to what comes later", [][]string{{"models/a = models/b", "models/b"}}, "hard link"},
		{"a hard link to a folder", [][]string{{"models/d/", "models/a = models/d"}}, "hard link"},
		{"a hard link to what is gone", [][]string{{"models/a"}, {"models/.wh.a"}, {"models/b = models/a"}}, "hard link"},
	} {
		tree, err := build(c.layers)
		if err == nil {
			_, _, err = tree.Files()
		}
		if !errors.Is(err, packaging.ErrUnsafePath) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}

func TestResolve(t *testing.T) {
	tree, err := build([][]string{{"models/s/a", "models/d -> s", "models/out -> /etc"}, {"models/b -> d/a"}})
	if err != nil {
		t.Fatal(err)
	}
	for p, want := range map[string]string{"b": "models/s/a", "d/a": "models/s/a", "s/a": "models/s/a", "d": "models/s", "x": "models/x", "../../b": "models/s/a"} {
		got, n, err := tree.Resolve(p)
		if err != nil || got != want || (n.Kind == tar.TypeReg) != strings.HasSuffix(want, "/a") {
			t.Errorf("%s: got %s, %+v, %v", p, got, n, err)
		}
	}
	for _, p := range []string{"out", "out/passwd"} {
		if _, _, err := tree.Resolve(p); !errors.Is(err, packaging.ErrUnsafePath) {
			t.Errorf("%s: got %v", p, err)
		}
	}
	var all []string
	for p, n := range tree.All() {
		all = append(all, p+" of "+n.Layer.String())
	}
	slices.Sort(all)
	want := []string{"models/b of layer2", "models/d of layer1", "models/out of layer1", "models/s/a of layer1"}
	if !slices.Equal(all, want) {
		t.Errorf("got %q", all)
	}
}

func TestConcerns(t *testing.T) {
	for name, want := range map[string]bool{"models": true, "./models/a": true, "/models/.wh.a": true, "models-of/a": false, "etc/models/a": false, ".wh.models": false} {
		if got := Concerns(&tar.Header{Name: name}); got != want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}
