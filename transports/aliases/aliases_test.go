package aliases

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports"
)

// write puts files below a root; the user's settings are in home.
func write(t *testing.T, files map[string]string) *Options {
	t.Helper()
	root := filepath.Join(t.TempDir(), "[odd]")
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("[aliases]\n"+text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return &Options{Root: root, ConfigHome: filepath.Join(root, "home")}
}

func TestPrecedence(t *testing.T) {
	o := write(t, map[string]string{
		"usr/share/containers/models.conf":       "a='ollama://shipped'\nb='ollama://shipped'\ngone='ollama://x'\nC='ollama://c'",
		"etc/containers/models.conf":             "b='ollama://admin'\nd='ollama://admin'",
		"etc/containers/models.conf.d/20.conf":   "d='ollama://twenty'\ngone=''",
		"etc/containers/models.conf.d/10.conf":   "d='ollama://ten'",
		"etc/containers/models.conf.d/30.ignore": "d='ollama://thirty'",
		"home/containers/models.conf":            "'a'='hf://Mine/A'\n'chain'='B'\n'm:1b'='ollama://m:1'",
	})
	a, err := Load(o)
	if err != nil {
		t.Fatal(err)
	}
	for short, want := range map[string]string{
		"a": "hf://Mine/A", "A": "hf://Mine/A", "b": "ollama://admin", "d": "ollama://twenty", "c": "ollama://c", "chain": "ollama://admin",
		"m:1B": "ollama://m:1", "gone": "", "m": "", "m:2b": "", "quay.io/a/a": "", "./a": "", "a/b": "", "": "",
	} {
		m, ok, err := a.Expand(short)
		if err != nil || ok != (want != "") || m.Reference != want {
			t.Errorf("%q: %+v, %v, %v", short, m, ok, err)
		}
	}
	if m, _, _ := a.Expand("chain"); m.File != filepath.Join(o.ConfigHome, "containers/models.conf") {
		t.Errorf("%+v", m)
	}
	if got := a.Files(); len(got) != 5 || got[0] != filepath.Join(o.Root, "usr/share/containers/models.conf") {
		t.Errorf("%q", got)
	}
	if got := a.Names(); !slices.Equal(got, []string{"a", "b", "c", "chain", "d", "m:1b"}) {
		t.Errorf("%q", got)
	}
}

// The current folder says nothing.
func TestNotFromHere(t *testing.T) {
	o := write(t, map[string]string{"models.conf": "a='ollama://evil'", "containers/models.conf": "a='ollama://evil'"})
	t.Chdir(o.Root)
	a, err := Load(&Options{Root: t.TempDir()})
	if err != nil || len(a.Files()) != 0 {
		t.Errorf("%v, %v", a.Files(), err)
	}
}

func TestRefused(t *testing.T) {
	for text, says := range map[string]string{
		"a=": "models.conf", "a=1": "models.conf", "'a/b'='x'": "no short name", "'https://a'='x'": "no short name", "''='x'": "no short name",
		"'.a'='x'": "no short name", "a='x'\nA='y'": "twice", "[other]\na=1": "not known",
	} {
		_, err := Load(write(t, map[string]string{"etc/containers/models.conf": text}))
		if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "etc/containers/models.conf") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestCircle(t *testing.T) {
	a, err := Load(write(t, map[string]string{"etc/containers/models.conf": "a='b'\nb='C'\nc='A'\nself='self'"}))
	if err != nil {
		t.Fatal(err)
	}
	for _, short := range []string{"a", "B", "self"} {
		if _, _, err := a.Expand(short); !errors.Is(err, artifacts.ErrInvalidName) || !strings.Contains(err.Error(), "circle") {
			t.Errorf("%s: %v", short, err)
		}
	}
}

type next struct{ asked string }

func (n *next) Resolve(_ context.Context, input string) (*artifacts.Plan, error) {
	n.asked = input
	return &artifacts.Plan{}, nil
}

func TestResolver(t *testing.T) {
	a, err := Load(write(t, map[string]string{"etc/containers/models.conf": "a='ollama://x'"}))
	if err != nil {
		t.Fatal(err)
	}
	n, told := &next{}, ""
	r := &Resolver{Known: func() (*Aliases, error) { return a, nil }, Next: n, Tell: func(reference string, m Meaning) { told = reference + " " + m.Reference }}
	for typed, want := range map[string]string{"A": "ollama://x", "b": "b"} {
		told = ""
		if _, err := r.Resolve(t.Context(), typed); err != nil || n.asked != want || (told != "") != (want != typed) {
			t.Errorf("%s: asked %q, told %q, %v", typed, n.asked, told, err)
		}
		if names, err := transports.Namer(r).Names(typed); err != nil || names.Queries[0] != want {
			t.Errorf("%s: %+v, %v", typed, names, err)
		}
	}
}

// What is shipped can be read.
func TestShipped(t *testing.T) {
	raw, err := os.ReadFile("../../contrib/models.conf")
	if err != nil {
		t.Fatal(err)
	}
	o := write(t, map[string]string{"usr/share/containers/models.conf": ""})
	if err := os.WriteFile(filepath.Join(o.Root, "usr/share/containers/models.conf"), raw, 0o644); err != nil {
		t.Fatal(err)
	}
	a, err := Load(o)
	if err != nil || len(a.Names()) < 5 {
		t.Fatal(err)
	}
	for _, name := range a.Names() {
		if m, ok, err := a.Expand(name); err != nil || !ok || !strings.Contains(m.Reference, "://") {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
}
