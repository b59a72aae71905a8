package packaging

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

func TestCleanPath(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"model.gguf", "model.gguf"},
		{"./a//b/./c/", "a/b/c"},
		{"a..b/...", "a..b/..."},
		{"-rf", "-rf"},
		{"~/x, y=\"z\" %n $HOME", "~/x, y=\"z\" %n $HOME"},
		{"C:/x", "C:/x"},
		{"Größe/模型.gguf", "Größe/模型.gguf"},
		{strings.Repeat("a", 255), strings.Repeat("a", 255)},
	} {
		if got, err := CleanPath(c.in); got != c.want || err != nil {
			t.Errorf("%q: got %q, %v", c.in, got, err)
		}
	}
}

func TestCleanPathRefuses(t *testing.T) {
	for _, in := range unsafePaths() {
		if got, err := CleanPath(in); !errors.Is(err, ErrUnsafePath) || got != "" {
			t.Errorf("%.80q: got %q, %v", in, got, err)
		}
	}
}

func unsafePaths() []string {
	return []string{
		"", ".", "./", "./.", "/", "//", "/etc/passwd", "..", "../x", "a/../b", "a/..", "a/../../b", `a\b`, `..\x`,
		"a\x00b", "a\nb", "a\x7fb", "a\u0085b", "\x1b[2J", "a\xffb",
		strings.Repeat("a", 256), strings.Repeat("a/", 2000) + "b",
	}
}

// Every way to name a file leads through the check, and the error names the layer.
func TestUnsafePaths(t *testing.T) {
	raw, tar := "application/vnd.cncf.model.weight.v1.raw", "application/vnd.cncf.model.weight.v1.tar"
	ollama := madeLayer("application/vnd.ollama.image.json", "l", 1)
	ollama["name"] = "../x"
	for name, l := range map[string]object{
		"title":    titled("../x", "l", 1),
		"filepath": madeLayer(raw, "l", 1, "org.cncf.model.filepath", "../x", "org.opencontainers.image.title", "x"),
		"old":      madeLayer(raw, "l", 1, "org.cnai.model.filepath", "../x"),
		"metadata": madeLayer(raw, "l", 1, "org.cncf.model.file.metadata+json", `{"name":"../x"}`),
		"archive":  madeLayer(tar, "l", 1, "org.cncf.model.filepath", "../x"),
		"docker":   madeLayer("application/vnd.docker.ai.gguf.v3", "l", 1, "org.cncf.model.filepath", "../x"),
		"unpack": madeLayer("x", "l", 1, "org.opencontainers.image.title", "../x",
			"io.deis.oras.content.unpack", "true"),
		"ollama": ollama,
	} {
		m, err := Parse(madeManifest(t, madeLayer("x", "k", 1), l), nil)
		want := "layer 2 of 2 (" + seedDigest("l").String() + `): unsafe path: "../x"`
		if !errors.Is(err, ErrUnsafePath) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, %v", name, m, err)
		}
	}
}

func TestSamePath(t *testing.T) {
	same := mustParse(t, madeManifest(t, titled("a/b", "l", 1), titled("a//b", "l", 1)))
	if len(same.Files) != 1 || !same.Files[0].Repeated {
		t.Errorf("one path, one digest: got %+v", same.Files)
	}
	mixed := mustParse(t, madeManifest(t, titled("a", "1", 1), titled("B/x", "2", 1), titled("a-b", "3", 1), titled("b/a", "4", 1)))
	if len(mixed.Files) != 4 {
		t.Errorf("nothing clashes: got %+v", mixed.Files)
	}
	for _, layers := range [][]object{
		{titled("a/b", "1", 1), titled("./a/b", "2", 1)},
		{titled("a", "1", 1), titled("a/b", "2", 1)},
		{titled("a/b/c", "1", 1), titled("a-b", "2", 1), titled("a/b", "3", 1)},
		{titled("a", "1", 1), titled("a/b", "1", 1)},    // not even with one digest
		{titled("a/b", "1", 1), titled("A/B", "2", 1)},  // one file where capitals are no difference
		{titled("ſ", "1", 1), titled("S/b", "2", 1)},    // Unicode's capitals, too
		{titled("a/b", "1", 1), titled("a/b/", "1", 1)}, // a file is no folder
	} {
		m, err := Parse(madeManifest(t, layers...), nil)
		if !errors.Is(err, ErrUnsafePath) || !strings.HasPrefix(err.Error(), "layer ") {
			t.Errorf("%v: got %v, %v", layers, m, err)
		}
	}
}

// Podman can select by title what it cannot select by digest, if nothing else has the title.
func TestTitleUnique(t *testing.T) {
	m := mustParse(t, madeManifest(t,
		titled("a", "1", 1), titled("dir/b", "1", 1),
		madeLayer("application/vnd.cncf.model.doc.v1.raw", "2", 1, "org.cncf.model.filepath", "c", "org.opencontainers.image.title", "t"),
		madeLayer("application/vnd.cncf.model.doc.v1.raw", "{}", 2, "org.cncf.model.filepath", "d", "org.opencontainers.image.title", "t")))
	want := []string{"a other repeated titled", "dir/b other repeated", "c doc", "d doc"} // the config's digest does not count
	for i, f := range m.Files {
		if show(f) != want[i] {
			t.Errorf("got %s, want %s", show(f), want[i])
		}
	}
}

// Names that nobody wrote give way to names that the publisher wrote, folders included, wherever they stand.
func TestMadeNames(t *testing.T) {
	docker := "application/vnd.docker.ai."
	m := mustParse(t, madeManifest(t,
		madeLayer(docker+"license", "1", 1), madeLayer(docker+"license", "2", 1), madeLayer(docker+"gguf.v3", "3", 1),
		madeLayer(docker+"model.file", "4", 1, "org.cncf.model.filepath", "LICENSE/a.txt"),
		madeLayer(docker+"model.file", "5", 1, "org.cncf.model.filepath", "LICENSE_2"),
		madeLayer(docker+"model.file", "6", 1, "org.cncf.model.filepath", "model.gguf/config.json")))
	folded := mustParse(t, madeManifest(t, madeLayer(docker+"license", "1", 1), madeLayer(docker+"model.file", "2", 1, "org.cncf.model.filepath", "license")))
	if p := folded.Files[0].Path; p != "LICENSE_2" {
		t.Errorf("beside the name in small letters: %s", p)
	}
	want := []string{"LICENSE_3", "LICENSE_4", "model_2.gguf", "LICENSE/a.txt", "LICENSE_2", "model.gguf/config.json"}
	for i, f := range m.Files {
		if f.Path != want[i] {
			t.Errorf("layer %d: got %s, want %s", i+1, f.Path, want[i])
		}
	}
	if m.Main != "model_2.gguf" {
		t.Errorf("main %s", m.Main)
	}
}

func FuzzPath(f *testing.F) {
	for _, p := range append(unsafePaths(), "model.gguf", "./a//b/./c/", "a..b", "模型.gguf") {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p string) {
		clean, err := CleanPath(p)
		if err != nil {
			if !errors.Is(err, ErrUnsafePath) {
				t.Errorf("%q: %v", p, err)
			}
			return
		}
		checkPath(t, clean)
		if again, err := CleanPath(clean); again != clean || err != nil {
			t.Errorf("%q: clean is %q, and clean again %q, %v", p, clean, again, err)
		}
		if inside := filepath.Join("/models", clean); !strings.HasPrefix(inside, "/models/") || inside != "/models/"+clean {
			t.Errorf("%q lands at %q", p, inside)
		}
	})
}

// checkPath holds a path that was handed out against what File.Path promises, in other words than CleanPath's.
func checkPath(t *testing.T, p string) {
	t.Helper()
	if !filepath.IsLocal(p) || filepath.Clean(p) != p || p == "." || strings.ContainsAny(p, "\\\x00\n\r\x7f") ||
		len(p) > 4000 || strings.Contains("/"+p+"/", "/../") {
		t.Errorf("path %q", p)
	}
}
