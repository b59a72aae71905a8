package cli

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestQuadletOnDemand: a service that starts on demand is listed as it is, updated as it was installed, and not had without a proxy.
func TestQuadletOnDemand(t *testing.T) {
	w := newWorld(t)
	w.move(t, tiny, "first")
	if code, _, err := w.run(t, "quadlet", "install", "--on-demand", tiny); code != 1 || !strings.Contains(err.Error(), "systemd-socket-proxyd") {
		t.Errorf("without systemd-socket-proxyd: exit %d, %v", code, err)
	}
	proxy := filepath.Join(w.env.Root, "/usr/lib/systemd/systemd-socket-proxyd")
	if err := errors.Join(os.MkdirAll(filepath.Dir(proxy), 0o755), os.WriteFile(proxy, nil, 0o755)); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--idle-time", "5m"}, {"--on-demand", "--pod", "p"}, {"--on-demand", "--idle-time", "soon"}} {
		if code, _, err := w.run(t, append([]string{"quadlet", "install", tiny}, args...)...); code != exitUsage {
			t.Errorf("%q: exit %d, %v", args, code, err)
		}
	}
	w.must(t, "quadlet", "install", "--name", "svc", "--on-demand", "--idle-time", "90s", tiny)
	if said := w.err.String(); !strings.Contains(said, "systemctl start svc-proxy.socket") {
		t.Errorf("install said %s", said)
	}
	list := func() string { return w.must(t, "quadlet", "ls", "--format", "{{.Status}}") }
	if got := list(); got != "inactive\n" {
		t.Errorf("not started: %s", got)
	}
	w.must(t, "quadlet", "install", "--replace", "--start", "--name", "svc", "--on-demand", "--idle-time", "90s", tiny)
	if got := list(); got != "listening\n" || !slices.Equal(w.systemd.restarts, []string{"svc-proxy.socket"}) {
		t.Errorf("started: %s, restarted %q", got, w.systemd.restarts)
	}
	w.move(t, tiny, "second")
	w.must(t, "quadlet", "update", "svc")
	if text := w.must(t, "quadlet", "print", "svc"); !strings.Contains(text, "--exit-idle-time=1m30s 127.0.0.1:18080\n") || list() != "listening\n" {
		t.Errorf("after the update it is %s:\n%s", list(), text)
	}
	if out := w.must(t, "quadlet", "generate", "--name", "svc", "--on-demand", "--idle-time", "0", tiny); strings.Contains(out, "idle-time=") || !strings.Contains(out, "# svc-proxy.service\n") {
		t.Errorf("generated\n%s", out)
	}
	w.must(t, "quadlet", "rm", "svc")
	if left, err := filepath.Glob(w.systemd.plain("*")); err != nil || len(left) > 0 {
		t.Errorf("left %q, %v", left, err)
	}
}
