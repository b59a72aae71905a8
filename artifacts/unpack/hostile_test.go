package unpack

import (
	"archive/tar"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// refused unpacks what must not be unpacked, and checks that nothing is left, in the folder or around it.
func refused(t *testing.T, what string, l layers, m *packaging.Model, opts *Options, is error, words ...string) {
	t.Helper()
	around := t.TempDir()
	dir := filepath.Join(around, "out")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	res, err := Model(t.Context(), m, l.open, dir, opts)
	if !errors.Is(err, is) {
		t.Errorf("%s: got %+v, %v", what, res, err)
		return
	}
	for _, w := range append(words, "layer sha256:") {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%s: %v; want it to say %q", what, err, w)
		}
	}
	if left := append(listed(t, dir), listed(t, around)...); len(left) != 1 {
		t.Errorf("%s: left %v", what, left)
	}
}

// good is what comes before each hostile entry: it must be gone afterwards.
func good() tarEntry { return file("good", "content") }

func TestHostileEntries(t *testing.T) {
	symlink, hardlink := byte(tar.TypeSymlink), byte(tar.TypeLink)
	for _, c := range []struct {
		what  string
		in    []tarEntry
		entry string
		why   string
	}{
		{"absolute", []tarEntry{file("/etc/passwd", "x")}, `"/etc/passwd"`, "is absolute"},
		{"parent", []tarEntry{file("../x", "x")}, `"../x"`, `".."`},
		{"parent within", []tarEntry{file("a/../../x", "x")}, `"a/../../x"`, `".."`},
		{"backslash", []tarEntry{file(`..\x`, "x")}, `"..\\x"`, "backslash"},
		{"control", []tarEntry{file("a\nb", "x")}, `"a\nb"`, "control character"},
		{"not UTF-8", []tarEntry{{Header: tar.Header{Typeflag: tar.TypeReg, Name: "a\xff", Format: tar.FormatGNU}}}, `"a\xff"`, "UTF-8"},
		{"long element", []tarEntry{file(strings.Repeat("a", 300), "x")}, "aaa", "longer than 255"},
		{"long path", []tarEntry{file(strings.Repeat("a/", 2500)+"x", "x")}, "a/a", "longer than 4000"},
		{"root as a file", []tarEntry{file(".", "x")}, `"."`, "is the root"},
		{"folder outside", []tarEntry{special(tar.TypeDir, "../x/")}, `"../x/"`, `".."`},
		{"absolute folder", []tarEntry{special(tar.TypeDir, "/")}, `"/"`, "is absolute"},
		{"symlink outside", []tarEntry{link(symlink, "a/l", "../../good")}, `"a/l"`, `linking to "../../good"`},
		{"symlink to the parent", []tarEntry{link(symlink, "l", "..")}, `"l"`, `".."`},
		{"absolute symlink", []tarEntry{link(symlink, "l", "/etc/passwd")}, `"l"`, "is absolute"},
		{"symlink to nothing", []tarEntry{link(symlink, "l", "missing")}, `"l"`, `"missing", which is no file`},
		{"symlink to a folder", []tarEntry{special(tar.TypeDir, "d/"), link(symlink, "l", "d")}, `"l"`, "no file of the archive"},
		{"symlink through a folder", []tarEntry{link(symlink, "l", "d"), file("d/f", "x"), file("l/f", "x")}, `"l"`, "no file of the archive"},
		{"symlink loop", []tarEntry{link(symlink, "a", "b"), link(symlink, "b", "a")}, `"a"`, "lead nowhere"},
		{"symlink to itself", []tarEntry{link(symlink, "a", "a")}, `"a"`, "lead nowhere"},
		{"symlink nowhere", []tarEntry{link(symlink, "a", "")}, `"a"`, "is empty"},
		{"symlink with a path outside", []tarEntry{link(symlink, "../a", "good")}, `"../a"`, `".."`},
		{"hard link outside", []tarEntry{link(hardlink, "l", "../good")}, `"l"`, `".."`},
		{"absolute hard link", []tarEntry{link(hardlink, "l", "/etc/shadow")}, `"l"`, "is absolute"},
		{"hard link to nothing", []tarEntry{link(hardlink, "l", "missing")}, `"l"`, "no file of the archive"},
		{"character device", []tarEntry{special(tar.TypeChar, "tty")}, `"tty"`, "device"},
		{"block device", []tarEntry{special(tar.TypeBlock, "sda")}, `"sda"`, "device"},
		{"named pipe", []tarEntry{special(tar.TypeFifo, "p")}, `"p"`, "named pipe"},
		{"reserved type", []tarEntry{special(tar.TypeCont, "c")}, `"c"`, "unknown type"},
		{"other content", []tarEntry{file("a", "1"), file("./a", "2")}, `"a"`, "twice"},
		{"a link over a file", []tarEntry{file("a", "1"), link(symlink, "a", "good")}, `"a"`, "twice"},
		{"file in a file", []tarEntry{file("a", "1"), file("a/b", "2")}, `"a/b"`, `at the place of the file "a"`},
		{"file in a file, backwards", []tarEntry{file("a/b/c", "1"), file("a", "2")}, `"a/b/c"`, `the file "a"`},
		{"folder over a file", []tarEntry{file("a", "1"), special(tar.TypeDir, "a/")}, `"a"`, `the file "a"`},
		{"folder in a file", []tarEntry{file("a", "1"), special(tar.TypeDir, "a/b/")}, `"a/b"`, `the file "a"`},
		{"capitals", []tarEntry{file("d/Model", "1"), file("D/model", "1")}, `"D/model"`, "capitals"},
		{"capitals of a folder", []tarEntry{file("a/b", "1"), file("A", "2")}, `"a/b"`, `the file "A"`},
		{"file in a link", []tarEntry{link(symlink, "d", "good"), file("d/x", "2")}, `"d/x"`, `the file "d"`},
		{"set-user-ID", []tarEntry{{Header: tar.Header{Typeflag: tar.TypeReg, Name: "sh", Mode: 0o4755}}}, `"sh"`, "set-id"},
		{"set-group-ID", []tarEntry{{Header: tar.Header{Typeflag: tar.TypeReg, Name: "sh", Mode: 0o2755}}}, `"sh"`, "set-id"},
		{"path for all", []tarEntry{{Header: tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"path": "x"}}}}, "entry", "path for all"},
	} {
		for _, e := range []packaging.Encoding{packaging.Tar, packaging.TarGzip, packaging.TarZstd} {
			l := layers{}
			m := l.model(compress(t, e, makeTar(t, append([]tarEntry{good()}, c.in...)...)), e)
			refused(t, c.what, l, m, nil, packaging.ErrUnsafePath, c.entry, c.why)
		}
	}
}

// TestHostileBlocks: headers that only a hostile tool writes.
func TestHostileBlocks(t *testing.T) {
	const huge = 1 << 60
	for _, c := range []struct {
		what  string
		in    [][]byte
		is    error
		words []string
	}{
		{"sparse", sparse("s", 1000), packaging.ErrUnsafePath, []string{`entry "s"`, "sparse"}},
		{"sparse, huge", sparse("s", huge), packaging.ErrUnsafePath, []string{`entry "s"`, "sparse"}},
		{"pax sparse", withPax(block{name: "s", kind: '0'}, "GNU.sparse.major", "0", "GNU.sparse.minor", "1", "GNU.sparse.name", "holes",
			"GNU.sparse.size", fmt.Sprint(huge), "GNU.sparse.numblocks", "0", "GNU.sparse.map", ""), packaging.ErrUnsafePath, []string{`entry "holes"`, "sparse"}},
		{"pax path", withPax(block{name: "fine", kind: '0'}, "path", "../x"), packaging.ErrUnsafePath, []string{`entry "../x"`}},
		{"pax link", withPax(block{name: "fine", kind: '2'}, "linkpath", "/etc/passwd"), packaging.ErrUnsafePath, []string{`entry "fine"`, "absolute"}},
		{"pax size", withPax(block{name: "s", kind: '0'}, "size", fmt.Sprint(huge)), artifacts.ErrVerification, []string{`entry "s"`, "limit"}},
		{"pax NUL", withPax(block{name: "s", kind: '0'}, "path", "a\x00b"), artifacts.ErrVerification, []string{"no sound tar archive"}},
		{"size beyond the layer", [][]byte{block{name: "s", kind: '0', size: 1 << 20}.bytes()}, artifacts.ErrVerification, []string{"no sound tar archive"}},
		{"negative size", [][]byte{block{name: "s", kind: '0', change: func(b []byte) { octal(b[124:136], -1); b[124] = 0xff }}.bytes()},
			artifacts.ErrVerification, []string{"no sound tar archive"}},
		{"unknown type", [][]byte{block{name: "s", kind: 'Z'}.bytes()}, packaging.ErrUnsafePath, []string{`entry "s"`, "unknown type 'Z'"}},
		{"socket by mode", [][]byte{block{name: "s", kind: '3'}.bytes()}, packaging.ErrUnsafePath, []string{`entry "s"`, "device"}},
		{"file with a folder's name", withPax(block{name: "s", kind: '0'}, "path", "d/"), packaging.ErrUnsafePath, []string{`entry "d/"`}},
		{"a wrong checksum", [][]byte{append([]byte("x"), block{name: "s", kind: '0'}.bytes()[1:]...)}, artifacts.ErrVerification, []string{"no sound tar archive"}},
	} {
		l := layers{}
		all := append([][]byte{block{name: "good", kind: '0', size: 4}.bytes(), []byte("good")}, c.in...)
		refused(t, c.what, l, l.model(rawTar(all...), packaging.Tar), nil, c.is, c.words...)
	}
}

// TestClashesBetweenLayers: what no archive does by itself.
func TestClashesBetweenLayers(t *testing.T) {
	for _, c := range []struct {
		what   string
		first  tarEntry
		second tarEntry
		raw    string // path of a layer that is a file
		words  []string
	}{
		{"other content", file("a", "1"), file("a", "2"), "r", []string{`entry "a"`, `("two")`, `("one")`}},
		{"a file in a file", file("a", "1"), file("a/b", "2"), "r", []string{`entry "a/b"`, `("two")`, `file of layer`}},
		{"capitals", file("Ab", "1"), file("aB", "2"), "r", []string{`"aB"`, "capitals", `("one")`}},
		{"a layer's path", file("a", "1"), file("b", "2"), "b", []string{`entry "b"`, `("two")`, `("b")`}},
		{"a layer's folder", file("a", "1"), file("b", "2"), "b/c", []string{`"b/c"`, `("two")`}},
	} {
		l := layers{}
		m := &packaging.Model{Files: []packaging.File{
			l.put(makeTar(t, good(), c.first), packaging.File{Path: "one", Encoding: packaging.Tar}),
			l.put(makeTar(t, c.second), packaging.File{Path: "two", Encoding: packaging.Tar}),
			l.put([]byte("raw"), packaging.File{Path: c.raw, Encoding: packaging.Raw}),
		}}
		refused(t, c.what, l, m, nil, packaging.ErrUnsafePath, c.words...)
	}
}
