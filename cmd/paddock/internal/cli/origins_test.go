package cli

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	neturl "net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	fake "github.com/paddock-dev/paddock/tests/fakes/hf"
	"github.com/paddock-dev/paddock/tests/fixtures"
	"github.com/paddock-dev/paddock/transports/source"
)

// TestOriginRefusals: what an origin refuses has its exit code and hint, and no secret of the reference is repeated.
func TestOriginRefusals(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("m.gguf", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	status := &source.StatusError{Code: 403, URL: "https://h.example/m.gguf"}
	const url = "https://me:secret@h.example/m.gguf?token=secret"
	for _, c := range []struct {
		typed string
		err   error
		code  int
		hint  string // "" for none
	}{
		{url, &source.RefusedError{Host: "h.example", Err: status}, 4, "--creds USER:PASSWORD if h.example knows you"},
		{"ollama://x", &source.RefusedError{Host: "registry.ollama.ai", Err: status}, 4, "https://ollama.com"},
		{url, fmt.Errorf("asking: %w: %w", artifacts.ErrNotFound, status), 3, ""},
		{url, fmt.Errorf("fetching: %w", artifacts.ErrVerification), 5, ""},
		{url, &artifacts.TemporaryError{Err: &source.StatusError{Code: 429, URL: "https://h.example/m.gguf"}}, 1, ""},
		{url, &neturl.Error{Op: "Get", URL: "https://h.example", Err: http.ErrSchemeMismatch}, 1, "use http://"},
		{"m.gguf", fmt.Errorf("asking: %w", artifacts.ErrNotFound), 3, "write ./m.gguf"},
		{"m.gguf", fmt.Errorf("asking: %w", artifacts.ErrInvalidName), 2, "write ./m.gguf"},
		{"n.gguf", fmt.Errorf("asking: %w", artifacts.ErrNotFound), 3, ""},
	} {
		err := hintFetch(naming(c.typed, c.err), c.typed, &originOptions{})
		code := ExitCode(err)
		hints := strings.Join(Hints(err), "\n")
		if code != c.code || !strings.Contains(hints, c.hint) || (hints == "") != (c.hint == "") || strings.Contains(err.Error()+hints, "secret") {
			t.Errorf("%s, %v: exit %d, %v, hints %q", c.typed, c.err, code, err, hints)
		}
	}
}

// TestAdmitPending: a model that is not worth pulling is refused as soon as there is a manifest.
func TestAdmitPending(t *testing.T) {
	refused := errors.New("refused")
	o := &fetchOptions{admit: func(*artifacts.Model) error { return refused }}
	plan := &artifacts.Plan{Pending: []artifacts.Pending{{Name: "m"}}, Complete: func([]artifacts.Found) (*artifacts.Plan, error) {
		return &artifacts.Plan{Manifest: []byte(`{"schemaVersion":2,"config":{},"layers":[]}`)}, nil
	}}
	if err := o.admitted(t.Context(), plan); err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Complete(nil); err == nil {
		t.Error("admitted")
	}
}

// TestShortNamesOfUser: short names come from the user's settings, and info shows the files.
func TestShortNamesOfUser(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "containers", "models.conf")
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte("[aliases]\ntiny='ollama://x'\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	env := w.env
	env.Getenv = func(name string) string {
		if name == "XDG_CONFIG_HOME" {
			return dir
		}
		return ""
	}
	known, err := env.aliases()
	if err != nil || len(known.Files()) != 1 || known.Files()[0] != file {
		t.Errorf("%v, %v", known, err)
	}
}

// TestBrokenShortNames: a models.conf that cannot be read is an error for who types a short name, and for nobody else.
func TestBrokenShortNames(t *testing.T) {
	h := fake.New(t, nil)
	h.Put(&fake.Repo{ID: "Org/M"}, map[string]fake.File{"m-Q8_0.gguf": ggufFile(t)})
	w := hubWorld(t, map[string]string{"HF_ENDPOINT": h.URL()})
	conf := filepath.Join(w.env.Root, "etc/containers/models.conf")
	for name, breakIt := range map[string]func() error{
		"no TOML": func() error { return os.WriteFile(conf, []byte("[aliases"), 0o644) },
		"a pipe":  func() error { return unix.Mkfifo(conf, 0o644) }, // that nobody writes: this returns, or never
	} {
		if err := breakIt(); err != nil {
			t.Fatal(err)
		}
		w.must(t, "pull", "hf://Org/M")
		w.must(t, "inspect", "hf.co/org/m:Q8_0")
		if code, _, err := w.run(t, "pull", "tiny"); code != exitError || !strings.Contains(err.Error(), conf) {
			t.Errorf("%s: exit %d, %v", name, code, err)
		}
		for _, args := range [][]string{
			{"inspect"}, {"push"}, {"convert", "--to", "image"}, {"compose"}, {"kube"}, {"rm"}, {"rm", "--ignore"}, {"ensure"},
			{"serve", "--dry-run"}, {"quadlet", "generate"}, {"gpu", "fit"},
		} {
			code, _, err := w.run(t, append(args, "tiny")...)
			if code != exitError || !strings.Contains(err.Error(), conf) {
				t.Errorf("%s: %q: exit %d, %v", name, args, code, err)
			}
		}
		if code, _, err := w.run(t, "inspect", "abcdef"); code != exitError || !strings.Contains(err.Error(), conf) {
			t.Errorf("%s: a digest that is not there: exit %d, %v", name, code, err)
		}
		digest := strings.TrimSpace(w.must(t, "inspect", "--format", "{{.Digest}}", "hf.co/org/m:Q8_0"))
		w.must(t, "inspect", strings.TrimPrefix(digest, "sha256:")[:12]) // found as it was typed
		if w.must(t, "info"); !strings.Contains(w.err.String(), conf) {
			t.Errorf("%s: info says %q", name, w.err)
		}
		if err := os.Remove(conf); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCutFile: a file that did not come to its end is not taken for a model, wherever it was cut, and is not copied; one of a kind
// that is not known is taken.
func TestCutFile(t *testing.T) {
	w := hubWorld(t, nil)
	parts, err := fixtures.Safetensors(&fixtures.Options{}, "", 1)
	if err != nil {
		t.Fatal(err)
	}
	dir, data, tensors := t.TempDir(), ggufFile(t).Data, parts[len(parts)-2].Data
	for name, content := range map[string][]byte{
		"cut.gguf": data[:len(data)-1], "header.gguf": data[:40], "cut.safetensors": tensors[:len(tensors)-1],
		"whole.gguf": data, "odd.gguf": []byte("GGUF\xff\xff\xff\xff and so on"), "whole.safetensors": tensors,
		"folder/cut.safetensors": tensors[:len(tensors)-1], "folder/config.json": []byte("{}"),
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, path, string(content))
	}
	server := httptest.NewServer(http.FileServer(http.Dir(dir))) // it says of each file what it has of it, and sends that
	t.Cleanup(server.Close)
	for _, typed := range []string{
		dir + "/cut.gguf", dir + "/header.gguf", dir + "/folder", server.URL + "/cut.gguf", server.URL + "/header.gguf", server.URL + "/cut.safetensors",
	} {
		name := strings.ReplaceAll(filepath.Base(typed), "folder", "cut.safetensors")
		for _, args := range [][]string{{"pull", "-q", typed}, {"copy", "-q", typed, "dir:" + dir + "/copy"}} {
			if code, out, err := w.run(t, args...); code != exitRefused || out != "" || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "truncated") {
				t.Errorf("%q: exit %d, %q, %v", args, code, out, err)
			}
		}
	}
	if _, err := os.Stat(dir + "/copy"); !errors.Is(err, os.ErrNotExist) || len(w.names(t)) != 0 {
		t.Errorf("left: %q, %v", w.names(t), err)
	}
	for _, typed := range []string{"/whole.gguf", "/odd.gguf", "/whole.safetensors"} {
		if !strings.HasSuffix(typed, "safetensors") { // which a path takes in a folder only
			w.must(t, "pull", "-q", dir+typed)
		}
		w.must(t, "pull", "-q", server.URL+typed)
		w.must(t, "copy", "-q", server.URL+typed, "dir:"+dir+"/copy")
	}
}

// TestAdapterInFolder: a folder's adapter is told from its model by its header, by pull as by pack.
func TestAdapterInFolder(t *testing.T) {
	w := hubWorld(t, nil)
	dir := filepath.Join(t.TempDir(), "both")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	adapter, err := fixtures.GGUF(&fixtures.Options{Embd: 32, Metadata: []fixtures.KV{{Key: "general.type", Value: "adapter"}}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "a-tuned.gguf"), string(adapter))
	write(t, filepath.Join(dir, "base.gguf"), string(ggufFile(t).Data))
	w.must(t, "pull", "-q", dir)
	w.must(t, "pack", "-q", "-t", "packed", dir)
	for _, name := range []string{"localhost/both:latest", "localhost/packed:latest"} {
		m, err := w.store.Find(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if f := m.Packaging.First(packaging.Adapter); m.Packaging.Main != "base.gguf" || f == nil || f.Path != "a-tuned.gguf" {
			t.Errorf("%s: %+v", name, m.Packaging)
		}
	}
}
