package packaging

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
)

func testOriginManifest(t testing.TB) []byte {
	t.Helper()
	return marshal(t, object{
		"schemaVersion": 2, "config": madeLayer("application/vnd.oci.empty.v1+json", "{}", 2),
		"layers":      []object{madeLayer("application/vnd.cncf.model.weight.v1.tar", "w", 1)},
		"annotations": map[string]string{"org.opencontainers.image.created": "2026-01-02T03:04:05Z", "other": "stays behind"},
	})
}

// same is a file with the content of another.
func same(path string, role Role, as string) BuildFile {
	f := buildFile(as, role)
	f.Path = path
	return f
}

// derivable has contents that are several files, some of roles that no name tells.
func derivable() []BuildFile {
	return []BuildFile{
		buildFile("model-00001-of-00002.gguf", ""), buildFile("model-00002-of-00002.gguf", ""),
		buildFile("config.json", ""), same("tokenizer_config.json", "", "config.json"), same("sub/notes.txt", Code, "config.json"),
		buildFile("a/empty", Other), same("a/b/empty", Doc, "a/empty"), same("LICENSE", "", "a/empty"),
		buildFile("vision.gguf", Projector),
	}
}

// TestDeriveRoundTrip: one layer for each content, and every file is read back as it was given.
func TestDeriveRoundTrip(t *testing.T) {
	manifest, config, err := Derive(&Origin{Name: "quay.io/org/m", Manifest: testOriginManifest(t)}, derivable())
	if err != nil {
		t.Fatal(err)
	}
	m, err := Parse(manifest, config)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]BuildFile{}
	for _, f := range derivable() {
		if f.Role == "" {
			f.Role = RoleByName(f.Path)
		}
		want[f.Path] = f
	}
	for _, f := range m.Files {
		w := want[f.Path]
		if f.Digest != w.Digest || f.Size != w.Size || f.Role != w.Role || f.Repeated || f.Encoding != Raw {
			t.Errorf("%+v, want %+v", f, w)
		}
		delete(want, f.Path)
	}
	if len(want) > 0 {
		t.Errorf("lost %v", want)
	}
	if m.Format != ModelPack || m.Main != "model-00001-of-00002.gguf" || m.Unservable != nil || m.Derivable {
		t.Errorf("%s, main %q, %v, derivable %v", m.Format, m.Main, m.Unservable, m.Derivable)
	}
	doc, err := decode(manifest)
	if err != nil {
		t.Fatal(err)
	}
	digests, titles := doc.counts()
	if len(doc.Layers) != 5 || len(digests) != 5 || len(titles) != 5 {
		t.Errorf("%d layers, %d digests, %d titles", len(doc.Layers), len(digests), len(titles))
	}
	if n := strings.Count(string(config), "sha256:"); n != 5 {
		t.Errorf("%d diffIds: %s", n, config)
	}
}

func TestDeriveIsReproducible(t *testing.T) {
	const want = "sha256:8d8afed2b765248fad7964b7d6e9b335ef93a1d956cab2e02690b12e87ed5dff"
	origin := &Origin{Name: "quay.io/org/m", Manifest: testOriginManifest(t)}
	files := derivable()
	first, _, err := Derive(origin, files)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(files)
	second, _, err := Derive(origin, files)
	if err != nil || string(first) != string(second) {
		t.Errorf("%s\n%s, %v", first, second, err)
	}
	got := Annotations(first)
	wanted := map[string]string{
		"org.paddock.origin.name": "quay.io/org/m", "org.paddock.origin.digest": digest.FromBytes(origin.Manifest).String(),
		"org.opencontainers.image.created": "2026-01-02T03:04:05Z",
	}
	if fmt.Sprint(got) != fmt.Sprint(wanted) || DerivedFrom(got) != digest.FromBytes(origin.Manifest) {
		t.Errorf("annotations %v", got)
	}
	if d := digest.FromBytes(first); d != want {
		t.Errorf("digest %s, want %s", d, want)
	}
}

func TestDerivedFrom(t *testing.T) {
	for _, a := range []map[string]string{nil, {"org.paddock.origin.digest": "sha256:1"}, {"org.paddock.origin.name": "m"}} {
		if d := DerivedFrom(a); d != "" {
			t.Errorf("%v: %s", a, d)
		}
	}
}

func TestDeriveRefuses(t *testing.T) {
	origin := &Origin{Manifest: testOriginManifest(t)}
	for _, c := range []struct {
		files []BuildFile
		is    error
	}{
		{nil, ErrInvalidManifest},
		{[]BuildFile{buildFile("a", ""), buildFile("a", "")}, ErrUnsafePath},
		{[]BuildFile{buildFile("a", ""), same("a/b", "", "a")}, ErrUnsafePath},
		{[]BuildFile{buildFile("../a", "")}, ErrUnsafePath},
	} {
		if m, _, err := Derive(origin, c.files); !errors.Is(err, c.is) {
			t.Errorf("%v: %s, %v", c.files, m, err)
		}
	}
}

// TestSeveralRefuses: the annotation may come from anybody.
func TestSeveralRefuses(t *testing.T) {
	const raw, filepath = "application/vnd.cncf.model.doc.v1.raw", "org.cncf.model.filepath"
	many := `[{"path":"a"}` + strings.Repeat(`,{"path":"a"}`, MaxLayers) + `]`
	for _, c := range []struct {
		list string
		is   error
		want string
	}{
		{"a", ErrInvalidManifest, "layer 2 of 2"}, {"{}", ErrInvalidManifest, "org.paddock.files"}, {"[]", ErrInvalidManifest, "lists no files"},
		{"[{}]", ErrInvalidManifest, "has no path"}, {`[{"path":"../x"}]`, ErrUnsafePath, `"../x"`},
		{`[{"path":"m.gguf"}]`, ErrUnsafePath, `"m.gguf"`}, {`[{"path":"m.gguf/x"}]`, ErrUnsafePath, "layer 2 of 2"},
		{many, ErrInvalidManifest, "10000 files"},
	} {
		manifest := madeManifest(t,
			madeLayer("application/vnd.cncf.model.weight.v1.raw", "w", 1, filepath, "m.gguf"),
			madeLayer(raw, "2", 1, filepath, "a", "org.paddock.files", c.list))
		if m, err := Parse(manifest, nil); !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40s: %+v, %v", c.list, m, err)
		}
	}
}

// TestSeveralElsewhere: in other packagings, and on archives, the annotation means nothing.
func TestSeveralElsewhere(t *testing.T) {
	const list = `[{"path":"x"},{"path":"y"}]`
	for _, l := range []object{
		madeLayer("application/octet-stream", "1", 1, "org.opencontainers.image.title", "a", "org.paddock.files", list),
		madeLayer("application/vnd.cncf.model.doc.v1.tar", "1", 1, "org.opencontainers.image.title", "a", "org.paddock.files", list),
	} {
		if m := mustParse(t, madeManifest(t, l)); len(m.Files) != 1 || m.Files[0].Path != "a" {
			t.Errorf("%v: %+v", l, m.Files)
		}
	}
}
