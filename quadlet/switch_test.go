package quadlet

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
)

// switching is an installed service that runs, and what is done to it.
type switching struct {
	*systemd
	*Installer
	tagged []string
}

func newSwitching(t *testing.T) *switching {
	t.Helper()
	s := newSystemd(t)
	w := &switching{systemd: s, Installer: s.installer()}
	w.Tag = func(_ context.Context, id, name string) error {
		w.tagged = append(w.tagged, id+" "+name)
		return nil
	}
	if _, err := install(t, w.Installer, "m", testUnit(t), false); err != nil {
		t.Fatal(err)
	}
	if err := w.Systemctl.Start(t.Context(), "m.service"); err != nil {
		t.Fatal(err)
	}
	w.did = nil
	return w
}

// other is the unit of another revision, with a word in it.
func other(t *testing.T, word string) []byte {
	t.Helper()
	return []byte(strings.ReplaceAll(string(testUnit(t)), "Description=Model", "Description="+word+" model"))
}

func (w *switching) change(ctx context.Context, t *testing.T, unit []byte, imageID string) error {
	t.Helper()
	l, err := w.Lock(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = l.Switch(ctx, &Change{Set: &Set{Name: "m", Unit: unit}, ImageID: imageID})
	return errors.Join(err, l.Unlock())
}

// assert checks the unit that is there, that none is kept, and what systemd was told.
func (w *switching) assert(t *testing.T, unit []byte, did string) {
	t.Helper()
	data, _, err := w.Read("m")
	if err != nil || !Same(data, &Set{Name: "m", Unit: unit}) {
		t.Errorf("the unit: %v\n%v", err, data)
	}
	if before, err := w.Kept("m"); before != nil || err != nil {
		t.Errorf("kept: %+v, %v", before, err)
	}
	if got := strings.Join(w.did, ", "); got != did {
		t.Errorf("did %s\nwant %s", got, did)
	}
}

func TestSwitch(t *testing.T) {
	w := newSwitching(t)
	if err := w.change(t.Context(), t, other(t, "new"), "1234"); err != nil {
		t.Fatal(err)
	}
	w.assert(t, other(t, "new"), "daemon-reload, restart m.service")
	if len(w.tagged) > 0 {
		t.Errorf("tagged %q", w.tagged)
	}
	w.did = nil
	if err := errors.Join(w.Systemctl.Stop(t.Context(), "m.service"), w.Systemctl.ResetFailed(t.Context(), "m.service")); err != nil {
		t.Fatal(err)
	}
	w.did = nil
	if err := w.change(t.Context(), t, testUnit(t), ""); err != nil {
		t.Fatal(err)
	}
	w.assert(t, testUnit(t), "daemon-reload") // it was stopped, and stays so
	l, err := w.Lock(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Switch(t.Context(), &Change{Set: &Set{Name: "none", Unit: testUnit(t)}}); !errors.Is(err, artifacts.ErrNotFound) {
		t.Errorf("of no service: %v", err)
	}
}

// TestRollBack: whatever is wrong with the new unit, the old one and its image are back, and what was wrong is said.
func TestRollBack(t *testing.T) {
	for _, c := range []struct{ word, id, sick, says, tagged, did string }{
		{"bad", "1234", "bad", "runs as before", "1234 ghcr.io/ggml-org/llama.cpp:server", "daemon-reload, restart m.service, daemon-reload, restart m.service"},
		{"bad", "", "odel server for", "not healthy as it was before either", "", "daemon-reload, restart m.service, daemon-reload, restart m.service"},
		{"broken", "", "", "unsupported key", "", "daemon-reload, daemon-reload"}, // Quadlet refuses it: the service was not touched
	} {
		w := newSwitching(t)
		w.sick, w.said = c.sick, "no GGUF file\n"
		err := w.change(t.Context(), t, other(t, c.word), c.id)
		var back *RolledBackError
		if !errors.As(err, &back) || !strings.Contains(err.Error(), c.says) || back.Name != "m" {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		if c.sick != "" != (back.Said == w.said) {
			t.Errorf("%+v: it said %q", c, back.Said)
		}
		w.assert(t, testUnit(t), c.did)
		if data, _, err := w.Read("m"); err != nil || strings.Contains(data.String(), imageMark) {
			t.Errorf("%+v: the note stays: %v\n%v", c, err, data)
		}
		if got := strings.Join(w.tagged, ", "); got != c.tagged {
			t.Errorf("%+v: tagged %s", c, got)
		}
	}
}

// TestSwitchInterrupted: somebody who lost patience gets the old unit back, and is not kept waiting for it.
func TestSwitchInterrupted(t *testing.T) {
	w := newSwitching(t)
	w.sick = "bad"
	ctx, cancel := context.WithCancel(t.Context())
	w.before = func(verb string) {
		if verb == "restart" {
			cancel()
		}
	}
	if err := w.change(ctx, t, other(t, "bad"), ""); err == nil {
		t.Error("it is said to be healthy")
	}
	w.assert(t, testUnit(t), "daemon-reload, restart m.service, daemon-reload, restart --no-block m.service")
}

// TestSettle: after a kill at any moment there is a unit, and Settle makes the best of it. What is killed here is the process that
// has written the new unit.
func TestSettle(t *testing.T) {
	for _, sick := range []string{"", "new"} {
		w := newSwitching(t)
		killed := func() (files []string) {
			for _, name := range []string{"m.container", ".m.before"} {
				data, err := os.ReadFile(filepath.Join(w.Dir, name))
				if err != nil {
					t.Fatal(err)
				}
				files = append(files, string(data))
			}
			return files
		}
		var left []string
		w.before = func(verb string) {
			if verb == "restart" && left == nil {
				left = killed()
			}
		}
		if err := w.change(t.Context(), t, other(t, "new"), "1234"); err != nil {
			t.Fatal(err)
		}
		for i, name := range []string{"m.container", ".m.before"} {
			if err := os.WriteFile(filepath.Join(w.Dir, name), []byte(left[i]), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if before, err := w.Kept("m"); err != nil || before.Source != pinned {
			t.Fatalf("kept %+v, %v", before, err)
		}
		if used, err := w.Uses(pinned); err != nil || !used {
			t.Errorf("used: %t, %v", used, err)
		}
		w.did, w.sick = nil, sick
		l, err := w.Lock(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		gone, err := l.Settle(t.Context(), "m")
		if gone == nil || (err != nil) != (sick != "") {
			t.Errorf("settled: gone %+v, %v", gone, err)
		}
		if sick == "" {
			w.assert(t, other(t, "new"), "daemon-reload, restart m.service")
		} else {
			w.assert(t, testUnit(t), "daemon-reload, restart m.service, daemon-reload, restart m.service")
			if !slices.Equal(w.tagged, []string{"1234 ghcr.io/ggml-org/llama.cpp:server"}) {
				t.Errorf("tagged %q", w.tagged)
			}
		}
		if gone, err := l.Settle(t.Context(), "m"); gone != nil || err != nil {
			t.Errorf("again: %+v, %v", gone, err)
		}
	}
}

// TestKeptGoes: what an update that was cut off kept goes with the unit, and when another is installed.
func TestKeptGoes(t *testing.T) {
	w := newSwitching(t)
	for _, end := range []func() error{
		func() error { return second(install(t, w.Installer, "m", other(t, "new"), true)) },
		func() error { return second(remove(t, w.Installer, "m")) },
	} {
		l, err := w.Lock(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(l.keep(&Set{Name: "m", Unit: testUnit(t)}, "1234"), l.Unlock(), end()); err != nil {
			t.Fatal(err)
		}
		if before, err := w.Kept("m"); before != nil || err != nil {
			t.Errorf("kept: %+v, %v", before, err)
		}
	}
}
