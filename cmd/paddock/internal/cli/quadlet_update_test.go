package cli

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/storetest"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/engine"
	fake "github.com/paddock-dev/paddock/tests/fakes/hf"
)

// move publishes another revision of a model under its name, and returns the name that pins it.
func (w *world) move(t *testing.T, name, content string) string {
	t.Helper()
	w.published[name] = storetest.NewOrigin(t, name, map[string]string{"model.gguf": string(ggufFile(t).Data), "README.md": content})
	repo, _, _ := strings.Cut(name, ":")
	return repo + "@" + w.published[name].Plan.Digest.String()
}

// TestQuadletUpdate: a model that has moved is followed with the options of the installation, its old pin goes, and what has not
// changed is left alone.
func TestQuadletUpdate(t *testing.T) {
	w := newWorld(t)
	first := w.move(t, tiny, "first")
	w.env.Environ = func() []string { return []string{"PADDOCK_PORT=9000", "PADDOCK_RESTART=always"} }
	w.must(t, "quadlet", "install", "--start", "--name", "svc", "--tls-verify=false", "--env", "A=b, c", "--memory", "1g", tiny, "--", "--threads", "3")
	w.must(t, "quadlet", "install", "--name", "other", "--port", "9001", tiny)
	w.env.Environ = func() []string { return []string{"PADDOCK_HOST=0.0.0.0"} }
	before := w.must(t, "quadlet", "print", "svc")
	w.systemd.restarts = nil
	if out := w.must(t, "quadlet", "update", "svc"); out != "" || !strings.Contains(w.err.String(), "svc is up to date") {
		t.Errorf("nothing to do: %q, %s", out, w.err)
	}
	second := w.move(t, tiny, "second")
	says := "svc: model " + shortID(w.digestOf(first)) + " → " + shortID(w.digestOf(second)) + "\n"
	if out := w.must(t, "quadlet", "update", "--dry-run", "svc.service"); out != says {
		t.Errorf("dry run: %q", out)
	}
	if got := w.names(t); !reflect.DeepEqual(got, []string{tiny, first}) || len(w.systemd.restarts) > 0 || w.must(t, "quadlet", "print", "svc") != before {
		t.Errorf("nothing was to be done: the store has %q, restarts %q", got, w.systemd.restarts)
	}
	if out := w.must(t, "quadlet", "update", "svc"); out != says {
		t.Errorf("update: %q", out)
	}
	digest := strings.NewReplacer(w.digestOf(first), w.digestOf(second))
	if after := w.must(t, "quadlet", "print", "svc"); withoutFiles(after) != digest.Replace(withoutFiles(before)) {
		t.Errorf("the unit was\n%s\nand is\n%s", before, after)
	}
	if !slices.Equal(w.systemd.restarts, []string{"svc.service"}) {
		t.Errorf("restarted %q", w.systemd.restarts)
	}
	if got := w.names(t); !reflect.DeepEqual(got, []string{tiny, first, second}) {
		t.Errorf("with a service at each revision the store has %q", got)
	}
	if out := w.must(t, "quadlet", "update", "--all"); !strings.HasPrefix(out, "other: model ") || strings.Count(out, "\n") != 1 {
		t.Errorf("all: %q", out)
	}
	if got := w.names(t); !reflect.DeepEqual(got, []string{tiny, second}) || !slices.Equal(w.systemd.restarts, []string{"svc.service"}) {
		t.Errorf("the store has %q, restarted %q", got, w.systemd.restarts)
	}
}

// withoutFiles leaves out the lines whose digests are those of the model's files.
func withoutFiles(unit string) string {
	var kept []string
	for line := range strings.Lines(unit) {
		if !strings.HasPrefix(line, "Mount=") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func (w *world) digestOf(pin string) string {
	_, digest, _ := strings.Cut(pin, "@")
	return digest
}

// TestQuadletUpdateRollsBack: the old unit and its pin are back, the new pin is gone, and the reason is in words of ours.
func TestQuadletUpdateRollsBack(t *testing.T) {
	w := newWorld(t)
	first := w.move(t, tiny, "first")
	w.must(t, "quadlet", "install", "--start", "--name", "svc", tiny)
	before := w.must(t, "quadlet", "print", "svc")
	second := w.move(t, tiny, "second")
	w.systemd.sick, w.systemd.said = second, "gguf_init: invalid magic characters: 'x'\n"
	code, out, err := w.run(t, "quadlet", "update", "svc")
	if code != exitError || out != "" || !strings.Contains(err.Error(), "runs as before: the model's file is no GGUF file") {
		t.Errorf("exit %d, %q, %v", code, out, err)
	}
	if hints := Hints(err); !slices.Contains(hints, "journalctl -u svc.service") {
		t.Errorf("hints %q", hints)
	}
	if after := w.must(t, "quadlet", "print", "svc"); after != before || !w.systemd.active["svc.service"] {
		t.Errorf("the unit is\n%s", after)
	}
	if got := w.names(t); !reflect.DeepEqual(got, []string{tiny, first}) {
		t.Errorf("the store has %q", got)
	}
	w.systemd.said = "one\ntwo\n"
	if _, _, err := w.run(t, "quadlet", "update", "svc"); err == nil || !strings.HasSuffix(err.Error(), "it said:\none\ntwo") {
		t.Errorf("again: %v", err)
	}
	w.systemd.sick = ""
	w.must(t, "quadlet", "update", "svc")
	if got := w.names(t); !reflect.DeepEqual(got, []string{tiny, second}) {
		t.Errorf("when the model is mended the store has %q", got)
	}
}

// TestQuadletUpdateCutOff: what a kill left is brought to its end by the next update, and the pins with it.
func TestQuadletUpdateCutOff(t *testing.T) {
	for _, sick := range []bool{false, true} {
		w := newWorld(t)
		first := w.move(t, tiny, "first")
		w.must(t, "quadlet", "install", "--start", "--name", "svc", tiny)
		old := w.must(t, "quadlet", "print", "svc")
		w.published["quay.io/org/tiny:0"] = w.published[tiny]
		second := w.move(t, tiny, "second")
		w.must(t, "quadlet", "update", "svc")
		kept := filepath.Join(w.systemd.dir, ".svc.before")
		if err := os.WriteFile(kept, []byte(old), 0o600); err != nil { // as if it had been killed before the service was healthy
			t.Fatal(err)
		}
		w.must(t, "ensure", first)
		want := second
		if sick {
			w.systemd.sick, want = second, first
			if code, _, err := w.run(t, "quadlet", "update", "svc"); code != exitError || !strings.Contains(err.Error(), "runs as before") {
				t.Errorf("exit %d, %v", code, err)
			}
		} else {
			w.must(t, "quadlet", "update", "svc")
		}
		if got := w.names(t); !reflect.DeepEqual(got, []string{tiny, want}) || exists(kept) {
			t.Errorf("sick %t: the store has %q, kept %t", sick, got, exists(kept))
		}
	}
}

// TestQuadletUpdateImage: an image that has moved restarts the service, and its name goes back with the unit.
func TestQuadletUpdateImage(t *testing.T) {
	const image = "quay.io/llama/server:1"
	w := newWorld(t)
	w.move(t, tiny, "first")
	w.systemd.images = map[string]string{image: "old"}
	w.must(t, "quadlet", "install", "--start", "--name", "svc", "--image", image, tiny)
	w.systemd.running = "old " + image
	w.runs = func(argv []string, _ *engine.Streams) error {
		if slices.Contains(argv, "pull") {
			w.systemd.images[image] = "new"
		}
		return nil
	}
	w.systemd.sick = tiny
	if code, _, err := w.run(t, "quadlet", "update", "svc"); code != exitError || w.systemd.images[image] != "old" {
		t.Errorf("exit %d, %v, images %q", code, err, w.systemd.images)
	}
	w.systemd.sick, w.systemd.restarts = "", nil
	if out := w.must(t, "quadlet", "update", "svc"); out != "svc: image old → new\n" || len(w.systemd.restarts) != 1 {
		t.Errorf("got %q, restarts %q", out, w.systemd.restarts)
	}
	w.systemd.running = "new " + image
	if out := w.must(t, "quadlet", "update", "svc"); out != "" {
		t.Errorf("again: %q", out)
	}
	w.runs = func([]string, *engine.Streams) error { return errors.New("no route to host") }
	if w.must(t, "quadlet", "update", "svc"); !strings.Contains(w.err.String(), image+" stays as it is") {
		t.Errorf("without the registry: %s", w.err)
	}
}

// TestQuadletUpdateOrigins: a model that no registry has is asked for where it came from, one of this machine's own in the store.
func TestQuadletUpdateOrigins(t *testing.T) {
	h := fake.New(t, nil)
	h.Put(&fake.Repo{ID: "Org/M"}, map[string]fake.File{"m-Q4_K_M.gguf": ggufFile(t)})
	w := hubWorld(t, map[string]string{"HF_ENDPOINT": h.URL()})
	w.must(t, "quadlet", "install", "--name", "hub", "hf://Org/M")
	for _, args := range [][]string{{"--dry-run"}, nil} {
		if out := w.must(t, append([]string{"quadlet", "update", "hub"}, args...)...); out != "" {
			t.Errorf("nothing to do: %q", out)
		}
	}
	moved := fake.File{Data: append(ggufFile(t).Data, 0), LFS: true}
	commit := h.Commit("Org/M", "main", map[string]fake.File{"m-Q4_K_M.gguf": moved})
	if out := w.must(t, "quadlet", "update", "--dry-run", "hub"); !strings.HasPrefix(out, "hub: model ") {
		t.Errorf("a dry run: %q", out)
	}
	if out := w.must(t, "quadlet", "update", "hub"); !strings.HasPrefix(out, "hub: model ") {
		t.Errorf("got %q", out)
	}
	if unit := w.must(t, "quadlet", "print", "hub"); !strings.Contains(unit, "commit="+commit+`" hf.co/org/m@`) || !strings.Contains(unit, "\nOrigin=hf://Org/M:Q4_K_M\n") {
		t.Errorf("the unit is\n%s", unit)
	}
	folder := t.TempDir()
	for i, data := range [][]byte{ggufFile(t).Data, moved.Data} {
		if err := os.WriteFile(filepath.Join(folder, "m.gguf"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		w.must(t, "pack", "-t", "localhost/mine:1", folder)
		if i == 0 {
			w.must(t, "quadlet", "install", "--name", "own", "--port", "9000", "localhost/mine:1")
		}
	}
	if out := w.must(t, "quadlet", "update", "own"); !strings.HasPrefix(out, "own: model ") {
		t.Errorf("got %q", out)
	}
}

func TestQuadletUpdateRefuses(t *testing.T) {
	w := newWorld(t)
	w.move(t, tiny, "first")
	w.must(t, "quadlet", "install", "--name", "good", tiny)
	w.must(t, "quadlet", "install", "--name", "old", "--port", "9000", tiny)
	path := filepath.Join(w.systemd.dir, "old.container")
	unit := w.must(t, "quadlet", "print", "old")
	if err := os.WriteFile(path, []byte(unit[:strings.Index(unit, "Install=")]), 0o600); err != nil {
		t.Fatal(err)
	}
	w.must(t, "quadlet", "install", "--name", "odd", "--port", "9001", tiny)
	odd := filepath.Join(w.systemd.dir, "odd.container")
	unit = w.must(t, "quadlet", "print", "odd")
	if err := os.WriteFile(odd, []byte(strings.Replace(unit, "Install=[", `Install=["--bogus",`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	w.move(t, tiny, "second")
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"odd"}, exitError, `updating odd: the flags that its unit has in Install= are not right: unknown flag --bogus for "paddock quadlet install"`},
		{[]string{"old"}, exitError, "does not say how it was installed"},
		{[]string{"none"}, exitNotFound, "none"},
		{nil, exitUsage, "neither"}, {[]string{"--all", "good"}, exitUsage, "both"}, {[]string{"../x"}, exitUsage, "../x"},
		{[]string{"--all"}, exitError, "old"}, // and good is updated
	} {
		code, out, err := w.run(t, append([]string{"quadlet", "update"}, c.args...)...)
		if code != c.code || !strings.Contains(err.Error(), c.says) || strings.HasPrefix(out, "good: ") != slices.Equal(c.args, []string{"--all"}) {
			t.Errorf("%q: exit %d, %q, %v", c.args, code, out, err)
		}
	}
	w.published[tiny].Plan.Complete = func([]artifacts.Found) (*artifacts.Plan, error) { return nil, errors.New("not to be read") }
	if out := w.must(t, "quadlet", "update", "--dry-run", "good"); !strings.Contains(out, "is pulled to find out") {
		t.Errorf("a dry run of what has no digest: %q", out)
	}
	w.refusals[tiny] = artifacts.ErrAuthentication
	if code, _, _ := w.run(t, "quadlet", "update", "good"); code != exitAuthentication {
		t.Errorf("refused by the origin: exit %d", code)
	}
}
