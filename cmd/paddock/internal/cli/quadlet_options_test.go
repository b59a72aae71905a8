package cli

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestQuadletOptions: limits, secrets and what systemd and podman auto-update are told stand in the unit; a key never does.
func TestQuadletOptions(t *testing.T) {
	w := newWorld(t)
	o := w.publish(t, tiny)
	args := []string{"quadlet", "install", "--name", "svc", "--memory", "1.5g", "--cpus", "2", "--restart", "always", "--auto-update",
		"--secret", "cert,target=/etc/cert", "--api-key-secret", "key", tiny}
	w.systemd.secrets = []string{"cert"}
	if code, _, err := w.run(t, args...); code != exitNotFound || !strings.Contains(err.Error(), "secret key") || !reflect.DeepEqual(Hints(err), []string{"podman secret create key FILE"}) || o.Read() != 0 {
		t.Errorf("without the secret: exit %d, %v, %q, %d bytes read", code, err, Hints(err), o.Read())
	}
	w.systemd.secrets = []string{"cert", "key"}
	path := strings.TrimSpace(w.must(t, args...))
	unit, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"PodmanArgs=--memory 1536m --cpus 2\n", "Secret=cert,target=/etc/cert\n", "Secret=key,type=env,target=LLAMA_API_KEY\n", "AutoUpdate=registry\n", "Restart=always\n",
	} {
		if !strings.Contains(string(unit), want) {
			t.Errorf("the unit has no %q:\n%s", want, unit)
		}
	}
	w.must(t, "quadlet", "update", "svc")
	if after := w.must(t, "quadlet", "print", "svc"); after != string(unit) {
		t.Errorf("updated to\n%s", after)
	}
	if err := os.MkdirAll(path+".d", 0o755); err != nil {
		t.Fatal(err)
	}
	if w.must(t, "quadlet", "rm", "svc"); !strings.Contains(w.err.String(), path+".d") || !exists(path+".d") {
		t.Errorf("rm says %s", w.err)
	}
	for _, c := range []struct{ flag, value string }{
		{"--memory", "lots"}, {"--memory", "0"}, {"--memory", "1k"}, {"--cpus", "x"}, {"--cpus", "-1"}, {"--cpus", "0"}, {"--restart", "maybe"},
		{"--secret", "a,mode=0"}, {"--api-key-secret", "a b"},
	} {
		if code, _, err := w.run(t, "quadlet", "install", c.flag, c.value, tiny); code != exitUsage {
			t.Errorf("%s %s: exit %d, %v", c.flag, c.value, code, err)
		}
	}
}
