package hf_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/tests/fakes/cdn"
	fake "github.com/paddock-dev/paddock/tests/fakes/hf"
	"github.com/paddock-dev/paddock/transports/hf"
	"github.com/paddock-dev/paddock/transports/hub"
	"github.com/paddock-dev/paddock/transports/source"
)

// short is how long a server may be silent where that is what a test is about.
const short = time.Second

// machine is one that asks a fake hub.
type machine struct {
	t      *testing.T
	o      hf.Options
	env    map[string]string
	store  map[string][]byte // manifests by name and by digest
	said   []string
	waited []time.Duration
}

func newMachine(t *testing.T, h *fake.Hub) *machine {
	t.Helper()
	m := &machine{t: t, env: map[string]string{"HF_ENDPOINT": h.URL()}, store: map[string][]byte{}}
	policy := filepath.Join(t.TempDir(), "policy.json")
	if err := os.WriteFile(policy, []byte(`{"default":[{"type":"insecureAcceptAnything"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	m.o = hf.Options{
		Getenv: func(name string) string { return m.env[name] }, Trust: &source.Trust{PerHostCertDir: t.TempDir()},
		Wait: func(_ context.Context, d time.Duration) error {
			m.waited = append(m.waited, d)
			return nil
		},
		Common: hub.Common{
			System: &types.SystemContext{SignaturePolicyPath: policy},
			Say:    func(text string) { m.said = append(m.said, text) },
			Known: func(_ context.Context, query string) ([]byte, error) {
				if manifest := m.store[query]; manifest != nil {
					return manifest, nil
				}
				return nil, artifacts.ErrNotFound
			},
		},
	}
	return m
}

func (m *machine) resolver() *hub.Resolver {
	m.t.Helper()
	r, err := hf.New(&m.o)
	if err != nil {
		m.t.Fatal(err)
	}
	return r
}

func (m *machine) resolve(input string) *artifacts.Plan {
	m.t.Helper()
	plan, err := m.resolver().Resolve(m.t.Context(), input)
	if err != nil {
		m.t.Fatal(err)
	}
	return plan
}

// keep is a landing, as far as the resolver sees it.
func (m *machine) keep(p *artifacts.Plan) {
	m.store[p.Name.String()], m.store[p.Digest.String()] = p.Manifest, p.Manifest
}

func weights(name string, size int) fake.File {
	return fake.File{Data: bytes.Repeat([]byte(name+" "), size/(len(name)+1)), LFS: true}
}

func small(text string) fake.File { return fake.File{Data: []byte(text)} }

func gguf() map[string]fake.File {
	return map[string]fake.File{
		".gitattributes": small("*.gguf filter=lfs"), "README.md": small("---\nlicense: mit\n---"), "config.json": small("{}"),
		"M-Q4_K_M-00001-of-00002.gguf": weights("one", 5000), "M-Q4_K_M-00002-of-00002.gguf": weights("two", 3000),
		"M-Q8_0.gguf": weights("eight", 9000), "mmproj-F16.gguf": weights("eyes", 700), "mmproj-F32.gguf": weights("large eyes", 900),
	}
}

func tensors() map[string]fake.File {
	return map[string]fake.File{
		"README.md": small("hi"), "config.json": small(`{"a":1}`), "tokenizer.json": weights("token", 400), "sub dir/é.txt": small("text"),
		"model.safetensors": weights("tensor", 6000), "pytorch_model.bin": weights("pickle", 100), "empty.txt": small(""),
	}
}

// contents reads every blob of a plan, and returns the files by path.
func contents(t *testing.T, p *artifacts.Plan) map[string]string {
	t.Helper()
	parsed, err := packaging.Parse(p.Manifest, nil)
	if err != nil {
		t.Fatal(err)
	}
	data := map[digest.Digest]string{}
	for _, b := range p.Blobs {
		raw := b.Data
		if raw == nil {
			body, err := b.Open(t.Context(), 0, -1)
			if err != nil {
				t.Fatal(err)
			}
			if raw, err = io.ReadAll(body); err != nil {
				t.Fatal(err)
			}
			body.Close()
		}
		if digest.FromBytes(raw) != b.Digest || int64(len(raw)) != b.Size {
			t.Errorf("a blob is not what was announced: %s", b.Digest)
		}
		data[b.Digest] = string(raw)
	}
	files := map[string]string{}
	for _, f := range parsed.Files {
		files[f.Path] = data[f.Digest]
	}
	return files
}

func TestGGUF(t *testing.T) {
	h := fake.New(t, &fake.Options{PageSize: 3})
	commit := h.Put(&fake.Repo{ID: "Org/M-GGUF", License: "apache-2.0", Base: "Org/M"}, gguf())
	m := newMachine(t, h)
	p := m.resolve("Org/M-GGUF")
	if p.Name.String() != "hf.co/org/m-gguf:Q4_K_M" || p.Origin != "hf://Org/M-GGUF:Q4_K_M" || p.Kind != artifacts.KindArtifact {
		t.Errorf("%s, %s, %s", p.Name, p.Origin, p.Kind)
	}
	got := contents(t, p)
	want := []string{"M-Q4_K_M-00001-of-00002.gguf", "M-Q4_K_M-00002-of-00002.gguf", "mmproj-F16.gguf"}
	for _, name := range want {
		if got[name] != string(gguf()[name].Data) {
			t.Errorf("%s is wrong", name)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %d files", len(got))
	}
	if len(m.said) != 1 || !strings.Contains(m.said[0], "taking Q4_K_M by default; there are also Q8_0") {
		t.Errorf("said %q", m.said)
	}
	notes := packaging.Annotations(p.Manifest)
	for key, want := range map[string]string{
		"org.paddock.origin": p.Origin, "org.opencontainers.image.revision": commit, "org.opencontainers.image.licenses": "Apache-2.0",
		"org.opencontainers.image.source": "https://huggingface.co/Org/M-GGUF", "org.paddock.model.base": "Org/M",
	} {
		if notes[key] != want {
			t.Errorf("annotation %s is %q, want %q", key, notes[key], want)
		}
	}
}

// The digest is the same on every machine, by whatever spelling, while what the site counts changes.
func TestReproducible(t *testing.T) {
	h := fake.New(t, nil)
	commit := h.Put(&fake.Repo{ID: "Org/M-GGUF", License: "mit"}, gguf())
	first := newMachine(t, h).resolve("Org/M-GGUF:Q4_K_M")
	for _, input := range []string{
		"Org/M-GGUF", "org/m-gguf:q4_k_m", "hf.co/org/m-gguf:Q4_K_M", "huggingface.co/Org/M-GGUF", "Org/M-GGUF@main", "hf.co/Org/M-GGUF/tree/main",
	} {
		p := newMachine(t, h).resolve(input)
		if p.Digest != first.Digest || p.Name != first.Name {
			t.Errorf("%s: %s %s, want %s", input, p.Name, p.Digest, first.Digest)
		}
	}
	pinned := newMachine(t, h).resolve("Org/M-GGUF:Q4_K_M@" + commit)
	if pinned.Name.String() != "hf.co/org/m-gguf:Q4_K_M-"+commit || pinned.Origin != "hf://Org/M-GGUF:Q4_K_M@"+commit {
		t.Errorf("%s, %s", pinned.Name, pinned.Origin)
	}
	page := newMachine(t, h).resolve("huggingface.co/Org/M-GGUF/blob/main/M-Q8_0.gguf?download=true")
	if page.Name.String() != "hf.co/org/m-gguf:M-Q8_0.gguf" || len(page.Blobs) != 2 {
		t.Errorf("%s has %d blobs", page.Name, len(page.Blobs))
	}
}

func TestSafetensors(t *testing.T) {
	h := fake.New(t, nil)
	h.Put(&fake.Repo{ID: "Org/T"}, tensors())
	h.Commit("Org/T", "refs/pr/1", tensors())
	for input, name := range map[string]string{"Org/T": "hf.co/org/t:latest", "Org/T@refs/pr/1": "hf.co/org/t:refs-pr-1"} {
		p := newMachine(t, h).resolve(input)
		if p.Name.String() != name {
			t.Error(p.Name)
		}
		got := contents(t, p)
		for _, file := range []string{"config.json", "tokenizer.json", "sub dir/é.txt", "model.safetensors", "empty.txt"} {
			if content, ok := got[file]; !ok || content != string(tensors()[file].Data) {
				t.Errorf("%s: %s is wrong", input, file)
			}
		}
		if len(got) != 5 {
			t.Errorf("%s: %d files", input, len(got))
		}
	}
	m := newMachine(t, h)
	m.o.Include, m.o.Exclude = []string{"*.json", "*.md"}, []string{"tokenizer*"}
	p := m.resolve("Org/T")
	if got := contents(t, p); len(got) != 2 || p.Origin != "hf://Org/T?exclude=tokenizer%2A&include=%2A.json&include=%2A.md" {
		t.Errorf("%v, %s", got, p.Origin)
	}
	m.keep(p)
	m.o.Include, m.o.Exclude = nil, nil
	if again := m.resolve("hf.co/org/t:latest"); again.Digest != p.Digest {
		t.Errorf("what was included is forgotten: %s", again.Origin)
	}
}

// Asking again costs three requests at most, and no file, as long as the revision did not move.
func TestAgain(t *testing.T) {
	h := fake.New(t, &fake.Options{Token: "hf_good"})
	h.Put(&fake.Repo{ID: "Org/T", Gated: true}, tensors())
	m := newMachine(t, h)
	m.env["HF_TOKEN"] = "hf_good"
	first := m.resolve("Org/T")
	m.keep(first)
	h.Forget()
	again := m.resolve("Org/T")
	if again.Digest != first.Digest || len(h.Requests()) > 3 || h.CDN.Asked() != 0 {
		t.Errorf("%s; %q", again.Digest, h.Requests())
	}
	for _, r := range h.Requests() {
		if strings.Contains(r, "/resolve/") {
			t.Errorf("a file is read again: %s", r)
		}
	}
	contents(t, again) // what is damaged in the store can still be had
	files := tensors()
	files["config.json"] = small(`{"a":2}`)
	h.Commit("Org/T", "main", files)
	moved := m.resolve("hf.co/org/t:latest")
	if moved.Digest == first.Digest || moved.Name != first.Name || moved.Origin != first.Origin {
		t.Errorf("the moved revision gives %s, %s", moved.Name, moved.Digest)
	}
	contents(t, moved)
	// By its digest the first one can still be had, as long as the store knows what it is.
	if old := m.resolve("hf.co/org/t@" + first.Digest.String()); old.Digest != first.Digest {
		t.Errorf("by digest: %s", old.Digest)
	}
	delete(m.store, first.Digest.String())
	if _, err := m.resolver().Resolve(t.Context(), "hf.co/org/t@"+first.Digest.String()); !errors.Is(err, artifacts.ErrNotFound) {
		t.Error(err)
	}
}

// A token comes from the environment or a file, and is good for files that need one. The fakes fail the test if it leaks.
func TestTokens(t *testing.T) {
	for name, set := range map[string]func(m *machine, dir string){
		"HF_TOKEN":               func(m *machine, _ string) { m.env["HF_TOKEN"] = " hf_good\n" },
		"HUGGING_FACE_HUB_TOKEN": func(m *machine, _ string) { m.env["HUGGING_FACE_HUB_TOKEN"] = "hf_good" },
		"HF_TOKEN_PATH":          func(m *machine, dir string) { m.env["HF_TOKEN_PATH"] = dir + "/token" },
		"HF_HOME":                func(m *machine, dir string) { m.env["HF_HOME"] = "~/hf"; m.o.Home = filepath.Dir(dir) },
		"XDG_CACHE_HOME":         func(m *machine, dir string) { m.env["XDG_CACHE_HOME"] = dir },
		"home":                   func(m *machine, dir string) { m.o.Home = dir },
	} {
		h := fake.New(t, &fake.Options{Token: "hf_good"})
		h.Put(&fake.Repo{ID: "Org/G", Gated: true}, gguf())
		h.Put(&fake.Repo{ID: "Org/P", Private: true}, tensors())
		m := newMachine(t, h)
		dir := filepath.Join(t.TempDir(), "hf")
		for _, sub := range []string{"", "huggingface", ".cache/huggingface"} {
			if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, sub, "token"), []byte("hf_good\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		set(m, dir)
		for _, repo := range []string{"Org/G", "Org/P"} {
			p, err := m.resolver().Resolve(t.Context(), repo)
			if err != nil {
				t.Errorf("%s, %s: %v", name, repo, err)
				continue
			}
			contents(t, p)
		}
	}
}

// A signed address that ends in the middle is asked for again.
func TestExpiredSignature(t *testing.T) {
	h := fake.New(t, nil)
	h.Put(&fake.Repo{ID: "Org/M"}, gguf())
	p := newMachine(t, h).resolve("Org/M:Q8_0")
	i := slices.IndexFunc(p.Blobs, func(b artifacts.Blob) bool { return b.Size > 8000 })
	for range 2 {
		body, err := p.Blobs[i].Open(t.Context(), 10, 20)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(body)
		if err != nil || !bytes.Equal(got, gguf()["M-Q8_0.gguf"].Data[10:30]) {
			t.Errorf("%q, %v", got, err)
		}
		body.Close()
		h.CDN.Expire()
	}
}

func TestBlobErrors(t *testing.T) {
	h := fake.New(t, &fake.Options{Token: "hf_good"})
	repo := &fake.Repo{ID: "Org/M"}
	h.Put(repo, gguf())
	var temporary *artifacts.TemporaryError
	for name, c := range map[string]struct {
		fault     cdn.Fault
		kind      error
		temporary bool
	}{
		"cut":          {cdn.Fault{Cut: 100}, nil, true},
		"silent":       {cdn.Fault{Silent: true}, nil, true},
		"too many":     {cdn.Fault{Status: 429, RetryAfter: "3"}, nil, true},
		"unavailable":  {cdn.Fault{Status: 503}, nil, true},
		"no ranges":    {cdn.Fault{IgnoreRange: true}, artifacts.ErrNoRange, false},
		"not any more": {cdn.Fault{Status: 403}, nil, false},
	} {
		m := newMachine(t, h)
		if c.fault.Silent {
			m.o.Stall = short
		}
		open := m.resolve("Org/M:Q8_0").Blobs[1].Open
		h.CDN.Break(&c.fault)
		body, err := open(t.Context(), 10, 5000)
		if err == nil {
			_, err = io.ReadAll(body)
			body.Close()
		}
		h.CDN.Break(nil)
		if err == nil || c.kind != nil && !errors.Is(err, c.kind) || errors.As(err, &temporary) != c.temporary || strings.Contains(err.Error(), "Signature") {
			t.Errorf("%s: %v", name, err)
		}
		if name == "too many" && temporary.RetryAfter != 3*time.Second {
			t.Errorf("waits %s", temporary.RetryAfter)
		}
	}
	// Access that is lost after the list was read is said as such.
	m := newMachine(t, h)
	open := m.resolve("Org/M:Q8_0").Blobs[1].Open
	repo.Gated = true
	_, err := open(t.Context(), 0, 10)
	var access *hub.AccessError
	if !errors.As(err, &access) || access.Page != "https://huggingface.co/Org/M" || access.Sent {
		t.Error(err)
	}
}

func TestResolveErrors(t *testing.T) {
	var temporary *artifacts.TemporaryError
	for name, c := range map[string]struct {
		input string
		env   map[string]string
		fault fake.Fault
		kind  error
		says  string
	}{
		"missing":             {input: "Org/None", kind: artifacts.ErrNotFound, says: "Hugging Face has no repository Org/None that this user may see"},
		"missing, with token": {input: "Org/None", env: map[string]string{"HF_TOKEN": "hf_good"}, kind: artifacts.ErrNotFound, says: "no repository Org/None"},
		"private":             {input: "Org/P", kind: artifacts.ErrNotFound, says: "no repository Org/P that this user may see"},
		"gated":               {input: "Org/G", kind: artifacts.ErrAuthentication, says: "Org/G is gated"},
		"gated, refused":      {input: "Org/R", env: map[string]string{"HF_TOKEN": "hf_good"}, kind: artifacts.ErrAuthentication, says: "Org/R is gated"},
		"bad token":           {input: "Org/T", env: map[string]string{"HF_TOKEN": "hf_bad"}, kind: artifacts.ErrAuthentication, says: "the token is not valid"},
		"token of two words":  {input: "Org/T", env: map[string]string{"HF_TOKEN": "hf bad"}, says: "in HF_TOKEN: it is not one word"},
		"no revision":         {input: "Org/T@v9", kind: artifacts.ErrNotFound, says: "no such revision of Org/T"},
		"no file":             {input: "Org/T/x.gguf", kind: artifacts.ErrNotFound, says: `no file or folder "x.gguf"`},
		"no quantisation":     {input: "Org/M:Q3_K_M", kind: artifacts.ErrNotFound, says: "no quantisation Q3_K_M: there are Q4_K_M, Q8_0"},
		"file gone":           {input: "Org/T", fault: fake.Fault{Prefix: "/Org/T/resolve", Status: 404, Code: "EntryNotFound"}, kind: artifacts.ErrNotFound, says: "no file"},
		"wrong git hash":      {input: "Org/T", fault: fake.Fault{Prefix: "/Org/T/resolve", Spoil: true}, kind: artifacts.ErrVerification, says: "its git hash is"},
		"cut":                 {input: "Org/T", fault: fake.Fault{Prefix: "/Org/T/resolve", Cut: true}, kind: temporary, says: "EOF"},
		"too many":            {input: "Org/T", fault: fake.Fault{Status: 429, RetryAfter: "3600"}, kind: temporary, says: "429 Too Many Requests"},
		"unavailable":         {input: "Org/T", fault: fake.Fault{Status: 503}, kind: temporary, says: "503"},
		"silent":              {input: "Org/T", fault: fake.Fault{Silent: true}, kind: temporary, says: "timeout"},
		"forbidden":           {input: "Org/T", env: map[string]string{"HF_TOKEN": "hf_good"}, fault: fake.Fault{Status: 403}, kind: artifacts.ErrAuthentication, says: "the token does not allow it"},
		"offline":             {input: "Org/T", env: map[string]string{"HF_HUB_OFFLINE": "1"}, says: "HF_HUB_OFFLINE is set"},
		"not a reference":     {input: "Org/T:", kind: artifacts.ErrInvalidName, says: "quantisation"},
	} {
		h := fake.New(t, &fake.Options{Token: "hf_good", BadToken: true})
		h.Put(&fake.Repo{ID: "Org/T"}, tensors())
		h.Put(&fake.Repo{ID: "Org/M"}, gguf())
		h.Put(&fake.Repo{ID: "Org/P", Private: true}, tensors())
		h.Put(&fake.Repo{ID: "Org/G", Gated: true}, gguf())
		h.Put(&fake.Repo{ID: "Org/R", Gated: true, Refused: true}, gguf())
		if c.fault != (fake.Fault{}) {
			h.Break(c.fault)
		}
		m := newMachine(t, h)
		if c.fault.Silent {
			m.o.Stall = short
		}
		for k, v := range c.env {
			m.env[k] = v
		}
		_, err := m.resolver().Resolve(t.Context(), c.input)
		fits := c.kind == nil || errors.Is(err, c.kind)
		if c.kind == temporary {
			fits = errors.As(err, &temporary)
		}
		if err == nil || !fits || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		temporary = nil
	}
}

// What may pass is asked for again, after as long as the site says.
func TestRetryAfter(t *testing.T) {
	h := fake.New(t, nil)
	h.Put(&fake.Repo{ID: "Org/M"}, gguf())
	h.Break(fake.Fault{Status: 429, RetryAfter: "7", Times: 1})
	h.Break(fake.Fault{Prefix: "/api/models/Org/M/tree", Status: 503, Times: 2})
	m := newMachine(t, h)
	m.resolve("Org/M")
	if want := []time.Duration{7 * time.Second, time.Second, 2 * time.Second}; !slices.Equal(m.waited, want) {
		t.Errorf("waited %v, want %v", m.waited, want)
	}
}

func TestPolicy(t *testing.T) {
	h := fake.New(t, nil)
	h.Put(&fake.Repo{ID: "Org/M"}, gguf())
	m := newMachine(t, h)
	rules := `{"default":[{"type":"insecureAcceptAnything"}],"transports":{"hf":{"Org":[{"type":"reject"}]}}}`
	if err := os.WriteFile(m.o.System.SignaturePolicyPath, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := m.resolver().Resolve(t.Context(), "Org/M"); !errors.Is(err, artifacts.ErrPolicy) || h.CDN.Asked() != 0 {
		t.Error(err)
	}
}

func TestNames(t *testing.T) {
	r, err := hf.New(&hf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := digest.FromString("x").String()
	for input, want := range map[string]string{
		"Org/M:q8_0":                            "[hf.co/org/m:Q8_0]  hf://Org/M:Q8_0",
		"Org/M/a/b.gguf":                        "[hf.co/org/m:a-b.gguf]  hf://Org/M/a/b.gguf",
		"Org/M":                                 "[hf.co/org/m:Q4_K_M hf.co/org/m:latest] hf.co/org/m ",
		"Org/M@v1":                              "[hf.co/org/m:Q4_K_M-v1 hf.co/org/m:v1]  ",
		"hf.co/org/m:Q4_K_M":                    "[hf.co/org/m:Q4_K_M hf.co/org/m:Q4_K_M]  ",
		"hf.co/Org/M:q4_k_m":                    "[hf.co/org/m:Q4_K_M]  ",
		"hf.co/org/m@" + d:                      "[hf.co/org/m@" + d + "]  ",
		"hf.co/org/m:Q4_K_M-v1":                 "[hf.co/org/m:Q4_K_M-v1 hf.co/org/m:Q4_K_M-V1]  ",
		"huggingface.co/Org/M/blob/main/x.gguf": "[hf.co/org/m:x.gguf]  ",
	} {
		got, err := r.Names(input)
		if err != nil || fmt.Sprintf("%v %s %s", got.Queries, got.Repository, got.Origin) != want {
			t.Errorf("%s: %+v, %v", input, got, err)
		}
	}
}
