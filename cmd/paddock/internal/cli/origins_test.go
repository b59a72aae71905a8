package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
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

// TestCutFile: a file that was not downloaded to its end is not taken for a model; one of a kind that is not known is.
func TestCutFile(t *testing.T) {
	w := hubWorld(t, nil)
	dir, data := t.TempDir(), ggufFile(t).Data
	for name, content := range map[string][]byte{
		"cut.gguf": data[:len(data)-1], "header.gguf": data[:40], "whole.gguf": data, "odd.gguf": []byte("GGUF\xff\xff\xff\xff and so on"),
	} {
		write(t, filepath.Join(dir, name), string(content))
	}
	for _, name := range []string{"cut.gguf", "header.gguf"} {
		if code, out, err := w.run(t, "pull", filepath.Join(dir, name)); code != exitError || out != "" || !strings.Contains(err.Error(), "truncated") {
			t.Errorf("%s: exit %d, %q, %v", name, code, out, err)
		}
	}
	if names := w.names(t); len(names) != 0 {
		t.Errorf("left: %q", names)
	}
	w.must(t, "pull", filepath.Join(dir, "whole.gguf"))
	w.must(t, "pull", filepath.Join(dir, "odd.gguf"))
}
