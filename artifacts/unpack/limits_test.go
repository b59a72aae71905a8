package unpack

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

func TestLimits(t *testing.T) {
	many := make([]tarEntry, 20)
	for i := range many {
		many[i] = file(fmt.Sprint(i), "12345")
	}
	long := make([]tarEntry, maxNames/3900+1)
	for i := range long {
		long[i] = file(strings.Repeat("a/", 1950)+fmt.Sprint(i), "")
	}
	for _, c := range []struct {
		what  string
		in    []tarEntry
		opts  *Options
		words []string
	}{
		{"a file", []tarEntry{file("a", "1234"), file("b", "12345")}, &Options{MaxFile: 4}, []string{`entry "b"`, "limit of 4"}},
		{"all files", many, &Options{MaxTotal: 14}, []string{`entry "2"`, "limit of 14"}},
		{"entries", many, &Options{MaxEntries: 19}, []string{`entry "19"`, "number 20"}},
		{"names", long, nil, []string{"entry", "names of all entries"}},
	} {
		l := layers{}
		refused(t, c.what, l, l.model(makeTar(t, c.in...), packaging.Tar), c.opts, artifacts.ErrVerification, c.words...)
	}
	l := layers{}
	if _, err := Model(t.Context(), l.model(makeTar(t, many...), packaging.Tar), l.open, t.TempDir(),
		&Options{MaxFile: 5, MaxTotal: 100, MaxEntries: 20, MaxRatio: 1}); err != nil {
		t.Errorf("just within the limits: %v", err)
	}
}

// TestLimitsOfAllLayers: totals are those of the model.
func TestLimitsOfAllLayers(t *testing.T) {
	for _, opts := range []*Options{{MaxTotal: 9}, {MaxEntries: 1}} {
		l := layers{}
		m := &packaging.Model{}
		for _, name := range []string{"one", "two"} {
			m.Files = append(m.Files, l.put(makeTar(t, file(name, "12345")), packaging.File{Path: "of-" + name, Encoding: packaging.Tar}))
		}
		refused(t, fmt.Sprintf("%+v", opts), l, m, opts, artifacts.ErrVerification, `("of-two")`, `entry "two"`)
	}
}

// TestBombs: little that expands to much is stopped before it is written, wherever in the archive it hides.
func TestBombs(t *testing.T) {
	zeros := strings.Repeat("\x00", RatioFloor+1)
	comment := withPax(block{name: "a", kind: '0'}, "comment", strings.Repeat("x", 900<<10))
	var comments [][]byte
	for range RatioFloor/(900<<10) + 1 {
		comments = append(comments, comment...)
	}
	for _, c := range []struct {
		what  string
		plain []byte
		words []string
	}{
		{"a file", makeTar(t, good(), file("zeros", zeros)), []string{`entry "zeros"`, "expands too much"}},
		{"several files", makeTar(t, file("a", zeros[:RatioFloor/2]), file("b", zeros[:RatioFloor/2]), file("c", "x")), []string{`entry "b"`, "expand to more than"}},
		{"behind the end", append(makeTar(t, good()), zeros...), []string{"expand to more than"}},
		{"extended headers", rawTar(comments...), []string{"expand to more than"}},
	} {
		for _, e := range []packaging.Encoding{packaging.TarGzip, packaging.TarZstd} {
			l := layers{}
			refused(t, c.what, l, l.model(compress(t, e, c.plain), e), nil, artifacts.ErrVerification, c.words...)
		}
	}
}

// TestLies: layers that are not what the manifest says, or no archives.
func TestLies(t *testing.T) {
	plain := makeTar(t, good(), file("a", "1"))
	zipped := compress(t, packaging.TarGzip, plain)
	for _, c := range []struct {
		what  string
		data  []byte
		file  packaging.File
		words []string
	}{
		{"wrong DiffID", zipped, packaging.File{Encoding: packaging.TarGzip, DiffID: digest.FromString("other")}, []string{digest.FromBytes(plain).String()}},
		{"wrong DiffID of a tar", plain, packaging.File{Encoding: packaging.Tar, DiffID: digest.FromString("other")}, []string{"as its publisher says"}},
		{"wrong DiffID of another kind", plain, packaging.File{Encoding: packaging.Tar, DiffID: digest.SHA512.FromString("other")}, []string{"sha512:"}},
		{"no DiffID", zipped, packaging.File{Encoding: packaging.TarGzip, DiffID: "sha256:1"}, []string{`"sha256:1"`}},
		{"unknown encoding", plain, packaging.File{Encoding: "tar+brotli"}, []string{`"tar+brotli"`}},
		{"text", []byte(strings.Repeat("text", 1000)), packaging.File{Encoding: packaging.Tar}, []string{"no sound tar archive"}},
		{"text as gzip", []byte("text"), packaging.File{Encoding: packaging.TarGzip}, []string{"no sound tar+gzip archive"}},
		{"text as zstd", []byte("text"), packaging.File{Encoding: packaging.TarZstd}, []string{"no sound tar+zstd archive"}},
		{"nothing as gzip", nil, packaging.File{Encoding: packaging.TarGzip}, []string{"no sound tar+gzip archive"}},
		{"cut", plain[:515], packaging.File{Encoding: packaging.Tar}, []string{"no sound tar archive"}},
		{"cut gzip", zipped[:len(zipped)-9], packaging.File{Encoding: packaging.TarGzip}, []string{"no sound tar+gzip archive"}},
		{"more behind gzip", append(bytes.Clone(zipped), "more"...), packaging.File{Encoding: packaging.TarGzip}, []string{"no sound tar+gzip archive"}},
	} {
		c.file.Path = "label"
		l := layers{}
		refused(t, c.what, l, &packaging.Model{Files: []packaging.File{l.put(c.data, c.file)}}, nil, artifacts.ErrVerification, c.words...)
	}
}

// TestChangedLayer: the bytes at rest are not those of the digest.
func TestChangedLayer(t *testing.T) {
	plain := makeTar(t, good())
	for _, e := range []packaging.Encoding{packaging.Tar, packaging.TarGzip, packaging.TarZstd} {
		data := compress(t, e, plain)
		for what, changed := range map[string][]byte{
			"longer": append(bytes.Clone(data), 0), "shorter": data[:len(data)-1], "empty": nil,
			"other": compress(t, e, makeTar(t, file("good", "Content"))),
		} {
			l := layers{}
			m := l.model(data, e)
			l[m.Files[0].Digest] = changed
			refused(t, what, l, m, nil, artifacts.ErrVerification)
		}
	}
}

// TestWindow: a decoder must not be made to take much memory.
func TestWindow(t *testing.T) {
	// RFC 8878, 3.1.1: the magic number, no options, a window of 2 GiB, an empty last block
	frame := []byte{0x28, 0xb5, 0x2f, 0xfd, 0, 21 << 3, 1, 0, 0}
	l := layers{}
	refused(t, "window", l, l.model(frame, packaging.TarZstd), nil, artifacts.ErrVerification, "window size")
}
