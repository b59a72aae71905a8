package packaging

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
)

func buildFile(path string, role Role) BuildFile {
	return BuildFile{Path: path, Role: role, Digest: seedDigest(path), Size: int64(len(path))}
}

// splitModel is a model with everything: folders, shards, a projector, a template, files that no type and no name tell.
func splitModel() []BuildFile {
	return []BuildFile{
		buildFile("README.md", ""), buildFile("Q4/m-00002-of-00002.gguf", ""), buildFile("Q4/m-00001-of-00002.gguf", ""),
		buildFile("mmproj.gguf", ""), buildFile("LICENSE", ""), buildFile("config.json", ""), buildFile("Q4/config.json", ""),
		buildFile("template.gotmpl", Template), buildFile("small.gguf", Draft), buildFile("blob", Other),
		buildFile("params.json", Params), buildFile("train.csv", ""), buildFile("run.py", ""), buildFile("Q4_config.json", ""),
	}
}

func someMeta() *BuildMeta {
	return &BuildMeta{
		Name: "tiny", Family: "llama", Revision: "abc", Licenses: []string{"Apache-2.0"}, SourceURL: "https://example.com/tiny",
		Created: time.Date(2026, 1, 2, 4, 4, 5, 6, time.FixedZone("", 3600)), Format: "gguf", Quantization: "q4_0",
		Annotations: map[string]string{"org.example.a": "1"},
	}
}

func TestBuildIsReproducible(t *testing.T) {
	const want, wantConfig = "sha256:7de1040d99f59e6dd9e8f0c359b5f1212c540ed9de7b31ff7de78e85e2aae02e",
		"sha256:4b428c280e1b3eaa5e2382765c13c4fadb5d958622a1673a0ccdc8d599dde6db"
	files := splitModel()
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 0))
		r.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		manifest, config, err := BuildModelPack(files, someMeta())
		if err != nil {
			t.Fatal(err)
		}
		if m, c := digest.FromBytes(manifest), digest.FromBytes(config); m != want || c != wantConfig {
			t.Fatalf("got %s, %s\n%s\n%s", m, c, manifest, config)
		}
	}
}

func TestBuildRoundTrip(t *testing.T) {
	files := splitModel()
	manifest, config, err := BuildModelPack(files, someMeta())
	if err != nil {
		t.Fatal(err)
	}
	m, err := Parse(manifest, config)
	if err != nil {
		t.Fatal(err)
	}
	if m.Format != ModelPack || m.Main != "Q4/m-00001-of-00002.gguf" || m.Unservable != nil {
		t.Errorf("format %s, main %s, %v", m.Format, m.Main, m.Unservable)
	}
	var order []string
	for _, f := range m.Files {
		order = append(order, f.Path)
		i := slices.IndexFunc(files, func(b BuildFile) bool { return b.Path == f.Path })
		role := files[i].Role
		if role == "" {
			role = RoleByName(f.Path)
		}
		if f.Role != role || f.Digest != files[i].Digest || f.Size != files[i].Size || f.Encoding != Raw || !f.TitleUnique {
			t.Errorf("got %+v, want %+v", f, files[i])
		}
	}
	want := "Q4/config.json Q4_config.json config.json params.json Q4/m-00001-of-00002.gguf Q4/m-00002-of-00002.gguf " +
		"small.gguf mmproj.gguf template.gotmpl LICENSE README.md run.py train.csv blob"
	if got := strings.Join(order, " "); got != want {
		t.Errorf("order %s\nwant  %s", got, want)
	}
	if got := Created(manifest); !got.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) {
		t.Errorf("created %v", got)
	}
}

// What model-spec's schema asks for, and nothing of the machine that built it.
func TestBuildConforms(t *testing.T) {
	manifest, config, err := BuildModelPack([]BuildFile{buildFile("d/m.gguf", ""), buildFile("a.json", "")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	const wantConfig = `{"descriptor":{},"modelfs":{"type":"layers","diffIds":["%s","%s"]},"config":{}}`
	if want := fmt.Sprintf(wantConfig, seedDigest("a.json"), seedDigest("d/m.gguf")); string(config) != want {
		t.Errorf("config %s\nwant   %s", config, want)
	}
	const wantManifest = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",` +
		`"artifactType":"application/vnd.cncf.model.manifest.v1+json",` +
		`"config":{"mediaType":"application/vnd.cncf.model.config.v1+json","digest":"%s","size":%d},"layers":[` +
		`{"mediaType":"application/vnd.cncf.model.weight.config.v1.raw","digest":"%s","size":6,` +
		`"annotations":{"org.cncf.model.filepath":"a.json","org.opencontainers.image.title":"a.json"}},` +
		`{"mediaType":"application/vnd.cncf.model.weight.v1.raw","digest":"%s","size":8,` +
		`"annotations":{"org.cncf.model.filepath":"d/m.gguf","org.opencontainers.image.title":"d_m.gguf"}}]}`
	want := fmt.Sprintf(wantManifest, digest.FromBytes(config), len(config), seedDigest("a.json"), seedDigest("d/m.gguf"))
	if string(manifest) != want {
		t.Errorf("manifest %s\nwant     %s", manifest, want)
	}
}

func TestBuildMeta(t *testing.T) {
	_, config, err := BuildModelPack([]BuildFile{buildFile("m.gguf", "")}, someMeta())
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Descriptor, Config map[string]any }
	if err := json.Unmarshal(config, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"createdAt": "2026-01-02T03:04:05Z", "name": "tiny", "family": "llama", "revision": "abc",
		"licenses": []any{"Apache-2.0"}, "sourceURL": "https://example.com/tiny",
	}
	if fmt.Sprint(got.Descriptor) != fmt.Sprint(want) {
		t.Errorf("descriptor %v, want %v", got.Descriptor, want)
	}
	if want := map[string]any{"format": "gguf", "quantization": "q4_0"}; fmt.Sprint(got.Config) != fmt.Sprint(want) {
		t.Errorf("config %v, want %v", got.Config, want)
	}
}

func TestBuildTitles(t *testing.T) {
	long := strings.Repeat("a", 200) + "/" + strings.Repeat("b", 200)
	var files []BuildFile
	for _, p := range []string{"a/b/c", "a/b_c", "a_b/c", "a_b_c", "x/y", "2_a_b_c", long} {
		files = append(files, buildFile(p, ""))
	}
	want := []string{"3_a_b_c", "4_a_b_c", "5_a_b_c", "a_b_c", "x_y", "2_a_b_c", blob(long)}
	if got := buildTitles(files); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBuildRefuses(t *testing.T) {
	good := buildFile("m.gguf", "")
	with := func(change func(*BuildFile)) []BuildFile {
		bad := buildFile("bad", "")
		change(&bad)
		return []BuildFile{good, bad}
	}
	for _, c := range []struct {
		files []BuildFile
		is    error
		want  string
	}{
		{nil, ErrInvalidManifest, "at least one file"},
		{make([]BuildFile, MaxLayers+1), ErrInvalidManifest, "10001 files"},
		{with(func(f *BuildFile) { f.Path = "../x" }), ErrUnsafePath, `"../x"`},
		{with(func(f *BuildFile) { f.Path = "a//b" }), ErrUnsafePath, `is to be written "a/b"`},
		{with(func(f *BuildFile) { f.Path = "m.gguf" }), ErrUnsafePath, "cannot both be files"},
		{with(func(f *BuildFile) { f.Path = "m.gguf/x" }), ErrUnsafePath, `"m.gguf" and "m.gguf/x"`},
		{with(func(f *BuildFile) { f.Digest = "" }), ErrInvalidManifest, `file "bad": it has no digest`},
		{with(func(f *BuildFile) { f.Digest = "sha256:1" }), ErrInvalidManifest, `file "bad": digest`},
		{with(func(f *BuildFile) { f.Size = -1 }), ErrInvalidManifest, `file "bad": size -1`},
		{with(func(f *BuildFile) { f.Digest = good.Digest }), ErrInvalidManifest, "for the same digest elsewhere"},
		{with(func(f *BuildFile) { f.Role = "brain" }), ErrInvalidManifest, `"brain" is no role`},
	} {
		m, _, err := BuildModelPack(c.files, nil)
		if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %s, %v", c.want, m, err)
		}
	}
	huge := &BuildMeta{Annotations: map[string]string{"a": strings.Repeat("x", MaxManifestSize)}}
	if _, _, err := BuildModelPack([]BuildFile{good}, huge); !errors.Is(err, ErrInvalidManifest) {
		t.Errorf("huge: %v", err)
	}
}

// One digest under two paths is legal, and each can be selected by its title.
func TestBuildRepeated(t *testing.T) {
	a, b := buildFile("a/tokenizer.json", ""), buildFile("b/tokenizer.json", "")
	b.Digest = a.Digest
	manifest, config, err := BuildModelPack([]BuildFile{a, b}, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Parse(manifest, config)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range m.Files {
		if !f.Repeated || !f.TitleUnique {
			t.Errorf("got %+v", f)
		}
	}
	if len(m.Files) != 2 {
		t.Errorf("got %d files", len(m.Files))
	}
}
