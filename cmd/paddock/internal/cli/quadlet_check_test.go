package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// TestQuadletChecksFirst: what cannot be installed is not fetched, and leaves nothing.
func TestQuadletChecksFirst(t *testing.T) {
	w := newWorld(t)
	w.publish(t, "quay.io/org/other:1")
	w.must(t, "quadlet", "install", "--name", "mine", "quay.io/org/other:1")
	before := w.names(t)
	o := w.publish(t, tiny)
	weights := storetest.NewOrigin(t, "quay.io/org/st:1", map[string]string{"model.safetensors": "x"})
	w.published["quay.io/org/st:1"] = weights
	for file, text := range map[string]string{"web.container": "[Container]\nImage=x\n", "kk.kube": "[Kube]\nYaml=x\n", "tiny-1.kube": "[Kube]\nYaml=x\n"} {
		if err := os.WriteFile(filepath.Join(w.systemd.dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ask := w.env.Services.Quiet
	w.env.Services.Quiet = func(ctx context.Context, argv []string) ([]byte, []byte, error) {
		if slices.Contains(argv, "show") && argv[len(argv)-1] == "sshd.service" {
			return []byte("LoadState=loaded\nActiveState=active\nSourcePath=\nFragmentPath=/usr/lib/systemd/system/sshd.service\n"), nil, nil
		}
		return ask(ctx, argv)
	}
	for _, c := range []struct {
		says string
		code int
		args []string
	}{
		{"already installed", 1, []string{"--name", "mine", tiny}},
		{"web.container", 1, []string{"--name", "web", "--replace", tiny}},
		{"kk.kube", 1, []string{"--name", "kk", tiny}},
		{"tiny-1.kube", 1, []string{tiny}},
		{"sshd.service", 1, []string{"--name", "sshd", tiny}},
		{`server argument ""`, 2, []string{tiny, "--", ""}},
		{`argument ";"`, 2, []string{tiny, "--", ";"}},
		{"x.image", 2, []string{"--image", "x.image", tiny}},
		{"not yet servable", 1, []string{"--runtime", "llama.cpp", "quay.io/org/st:1"}},
	} {
		code, out, err := w.run(t, append([]string{"quadlet", "install", "--progress", "none"}, c.args...)...)
		if code != c.code || out != "" || err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "pulling") {
			t.Errorf("%q: exit %d, %q, %v", c.args, code, out, err)
		}
		if c.says == "already installed" && !strings.Contains(strings.Join(Hints(err), ""), "--replace") {
			t.Errorf("%q: hints %q", c.args, Hints(err))
		}
	}
	if got := w.names(t); !reflect.DeepEqual(got, before) || o.Read() != 0 || weights.Read() != 0 {
		t.Errorf("the store has %q, %d and %d bytes were fetched", got, o.Read(), weights.Read())
	}
	if code, _, err := w.run(t, "quadlet", "generate", "quay.io/org/other:1", "--", ""); code != 2 || !strings.Contains(err.Error(), `server argument ""`) {
		t.Errorf("generate: exit %d, %v", code, err)
	}
	// what is refused by others is still so
	if code, _, err := w.run(t, "quadlet", "install", "quay.io/org/none:1"); code != 3 || !strings.Contains(err.Error(), "quay.io/org/none:1") {
		t.Errorf("a model that is nowhere: exit %d, %v", code, err)
	}
	w.published[tiny].Plan.Kind = artifacts.KindImage
	if code, _, err := w.run(t, "quadlet", "install", "--name", "image", tiny); code != 1 || !errors.Is(err, artifacts.ErrIsImage) {
		t.Errorf("an image: exit %d, %v", code, err)
	}
}

// TestQuadletBadNames: what is no name of a unit is wrong usage, before anything is asked or done.
func TestQuadletBadNames(t *testing.T) {
	w := newWorld(t)
	w.publish(t, tiny)
	w.must(t, "quadlet", "install", "--name", "svc", tiny)
	w.env.Services.Quiet = func(_ context.Context, argv []string) ([]byte, []byte, error) {
		t.Errorf("ran %q", argv)
		return nil, nil, errors.New("not to be run")
	}
	for _, c := range []struct {
		names string
		args  []string
	}{
		{`""`, []string{"rm", ""}}, {`"../x"`, []string{"rm", "../x"}}, {`"../../x"`, []string{"print", "../../x"}}, {`"a@b"`, []string{"rm", "svc", "a@b"}},
		{`"-x"`, []string{"rm", "--ignore", "--", "-x"}}, {"empty argument", []string{"print", ""}}, {strings.Repeat("a", 300), []string{"rm", strings.Repeat("a", 300)}},
	} {
		if code, out, err := w.run(t, append([]string{"quadlet"}, c.args...)...); code != 2 || out != "" || !strings.Contains(err.Error(), c.names) {
			t.Errorf("%q: exit %d, %q, %v", c.args, code, out, err)
		}
	}
	if !exists(w.systemd.dir + "/svc.container") {
		t.Error("a unit was removed beside a bad name")
	}
}

// TestQuadletRmUntold: the pin goes with its unit, even if systemd cannot be told; and rm where nothing was ever installed makes
// nothing.
func TestQuadletRmUntold(t *testing.T) {
	w := newWorld(t)
	if code, _, err := w.run(t, "quadlet", "rm", "svc"); code != 3 || exists(w.systemd.dir) {
		t.Errorf("exit %d, %v, the folder %v", code, err, exists(w.systemd.dir))
	}
	w.must(t, "quadlet", "rm", "-i", "svc")
	w.publish(t, tiny)
	w.must(t, "quadlet", "install", "--name", "svc", tiny)
	ask := w.env.Services.Quiet
	w.env.Services.Quiet = func(ctx context.Context, argv []string) ([]byte, []byte, error) {
		if slices.Contains(argv, "daemon-reload") {
			return nil, []byte("no"), errors.New("exit status 1")
		}
		return ask(ctx, argv)
	}
	if code, out, err := w.run(t, "quadlet", "rm", "svc"); code != 1 || out != "" || !strings.Contains(err.Error(), "daemon-reload") {
		t.Errorf("exit %d, %q, %v", code, out, err)
	}
	if got := w.names(t); !reflect.DeepEqual(got, []string{tiny}) {
		t.Errorf("the store has %q", got)
	}
}

// TestQuadletRmInUse: a network that another service needs stays, unless both go.
func TestQuadletRmInUse(t *testing.T) {
	w := newWorld(t)
	w.publish(t, tiny)
	w.must(t, "quadlet", "install", "--name", "one", "--with", "network", tiny)
	w.must(t, "quadlet", "install", "--name", "two", "--port", "9000", "--network", "one.network", tiny)
	if code, out, err := w.run(t, "quadlet", "rm", "one"); code != 1 || out != "" || !strings.Contains(err.Error(), "one.network is in use by two.container; remove that first") {
		t.Errorf("exit %d, %q, %v", code, out, err)
	}
	if out := w.must(t, "quadlet", "rm", "one", "two"); out != "two\none\n" || exists(w.systemd.dir+"/one.container") {
		t.Errorf("removed %q", out)
	}
}

// TestQuadletStartFails: a service that does not start stays installed, and the journal is where to look.
func TestQuadletStartFails(t *testing.T) {
	w := newWorld(t)
	w.publish(t, tiny)
	w.must(t, "quadlet", "install", "--name", "svc", tiny)
	w.systemd.fails, w.systemd.said = map[string]bool{"svc.service": true}, "gguf_init: invalid magic characters: 'x'\n"
	code, out, err := w.run(t, "quadlet", "install", "--replace", "--start", "--name", "svc", tiny)
	if code != 1 || !strings.Contains(err.Error(), "which stays installed: ") ||
		!strings.HasSuffix(err.Error(), "Job failed: the model's file is no GGUF file ('x')") || !reflect.DeepEqual(Hints(err), []string{"journalctl -u svc.service"}) {
		t.Errorf("exit %d, %v, %q", code, err, Hints(err))
	}
	if !exists(strings.TrimSpace(out)) {
		t.Errorf("the unit %q is gone", out)
	}
}
