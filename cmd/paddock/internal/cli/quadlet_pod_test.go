package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// TestQuadletPod: the services of a pod are started with it, and an update knows that one is in it.
func TestQuadletPod(t *testing.T) {
	w := newWorld(t)
	w.move(t, tiny, "first")
	w.must(t, "quadlet", "install", "--name", "one", "--pod", "models", "--port", "9001", tiny)
	if said := w.err.String(); !strings.Contains(said, "systemctl restart models-pod.service") {
		t.Errorf("install said %s", said)
	}
	w.must(t, "quadlet", "install", "--start", "--name", "two", "--pod", "models", "--port", "9002", tiny)
	if last := w.systemd.restarts; !slices.Equal(last, []string{"models-pod.service", "one.service", "two.service"}) {
		t.Errorf("restarted %q", last)
	}
	if rows := w.must(t, "quadlet", "ls", "--format", "{{.Name}} {{.Pod}}"); rows != "one models\ntwo models\n" {
		t.Errorf("ls gives %q", rows)
	}
	if said := w.must(t, "quadlet", "print", "two"); !strings.Contains(said, "PublishPort=127.0.0.1:9001:9001\nPublishPort=127.0.0.1:9002:9002\n") {
		t.Errorf("printed\n%s", said)
	}
	w.move(t, tiny, "second")
	w.systemd.restarts = nil
	w.must(t, "quadlet", "update", "one")
	if unit := w.must(t, "quadlet", "print", "one"); !strings.Contains(unit, "\nPod=models.pod\n") || !slices.Equal(w.systemd.restarts, []string{"one.service"}) {
		t.Errorf("restarted %q, the unit is\n%s", w.systemd.restarts, unit)
	}
	pod := filepath.Join(w.systemd.dir, "models.pod")
	if err := os.Remove(pod); err != nil {
		t.Fatal(err)
	}
	if out := w.must(t, "quadlet", "update", "one"); out != "one: settings\n" || !exists(pod) {
		t.Errorf("without its pod the update says %q, there is one: %t", out, exists(pod))
	}
	for _, c := range []struct {
		says string
		code int
		args []string
	}{
		{"port 9001 is that of one", 1, []string{"--name", "three", "--pod", "models", "--port", "9001"}},
		{"share the pod's network", 2, []string{"--name", "three", "--pod", "models", "--port", "9003", "--network", "web"}},
		{"pod three", 2, []string{"--name", "three", "--pod", "three"}},
		{"the pod models, which one is in", 1, []string{"--name", "models"}},
	} {
		code, _, err := w.run(t, append(append([]string{"quadlet", "install"}, c.args...), tiny)...)
		if code != c.code || err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: exit %d, %v", c.args, code, err)
		}
	}
	const tensors = "quay.io/org/st:1"
	w.published[tensors] = storetest.NewOrigin(t, tensors, map[string]string{"model.safetensors": tensorsFile(t, "a", 3), "config.json": "{}"})
	w.systemd.others = []string{"pod models", "pod theirs", "volume systemd-vol"}
	w.must(t, "quadlet", "install", "--name", "four", "--pod", "models", "--port", "9004", tiny) // the pod is that of our unit
	for says, args := range map[string][]string{
		"podman has a pod theirs":         {"--name", "five", "--pod", "theirs", "--port", "9005", tiny},
		"podman has a volume systemd-vol": {"--name", "vol", "--with", "volume", tensors},
	} {
		code, _, err := w.run(t, append([]string{"quadlet", "install"}, args...)...)
		if code != 1 || err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: exit %d, %v", args, code, err)
		}
	}
	broken := filepath.Join(w.systemd.dir, "bad.container")
	if err := os.WriteFile(broken, []byte("# Installed by paddock.\nbroken"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.must(t, "quadlet", "install", "--name", "five", "--pod", "models", "--port", "9005", tiny)
	if said := w.err.String(); strings.Count(said, broken) != 1 {
		t.Errorf("of a unit that cannot be read install said %s", said)
	}
	if w.must(t, "quadlet", "rm", "bad", "five"); !strings.Contains(w.err.String(), "the pod models keeps the port of five until it is restarted: systemctl restart models-pod.service") {
		t.Errorf("rm said %s", w.err)
	}
	if w.must(t, "quadlet", "rm", "one", "two", "four"); strings.Contains(w.err.String(), "keeps") {
		t.Errorf("of a pod that goes rm said %s", w.err)
	}
	if left, err := os.ReadDir(w.systemd.dir); err != nil || len(left) != 1 {
		t.Errorf("left %v, %v", left, err)
	}
	if out := w.must(t, "quadlet", "generate", "--name", "one", "--pod", "models", "--port", "9001", tiny); !strings.Contains(out, "# models.pod\n[Unit]\n") {
		t.Errorf("generated\n%s", out)
	}
}
