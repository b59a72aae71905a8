//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

// testUpdates moves a service from the single model to the split one, and then to a broken model, or as a user to a broken image,
// from which it rolls back by itself.
func testUpdates(t *testing.T, b Booted, who bootedUser, reg registry, name string) {
	t.Helper()
	service := "svc." + who.name
	update := []string{"paddock", "quadlet", "update", "-q", service}
	pushModelPack(t, reg, name, split(t))
	if who.name == "root" {
		testSlowUpdate(t, b, who, update)
		if out := who.Run(t, update...); out.Code != 0 || out.Stdout != "" || !strings.Contains(out.Stderr, "up to date") {
			t.Errorf("%s: nothing to update: exit %d, %q, %s", who.name, out.Code, out.Stdout, out.Stderr)
		}
	} else if out := who.MustRun(t, update...); !strings.HasPrefix(out, service+": model ") {
		t.Errorf("%s: the update says %q", who.name, out)
	}
	unit := who.MustRun(t, "paddock", "quadlet", "print", service)

	says := "ends too early"
	if who.name == "root" {
		data := single(t).files["model.gguf"]
		pushModelPack(t, reg, name, model{files: map[string][]byte{"model.gguf": data[:len(data)/2]}})
	} else {
		who.MustRun(t, "podman", "tag", "localhost/busybox:lab", llamaImage) // has no server
		says = "--model"
	}
	out := who.Run(t, update...)
	if out.Code != 1 || out.Stdout != "" || !strings.Contains(out.Stderr, "rolled back, and runs as before") || !strings.Contains(out.Stderr, says) {
		t.Errorf("%s: updating to what is broken: exit %d, %q, %s\n%s", who.name, out.Code, out.Stdout, out.Stderr, who.journal(t, service))
	}
	assertService(t, who)
	if now := who.MustRun(t, "paddock", "quadlet", "print", service); now != unit {
		t.Errorf("%s: after the roll-back the unit is\n%s", who.name, now)
	}
	if pins := strings.Count(who.MustRun(t, "paddock", "ls", "--noheading", "--format", "{{.Name}}"), "@"); pins != 1 {
		t.Errorf("%s: %d models are pinned", who.name, pins)
	}
}

// testSlowUpdate updates a service whose server answers only after three times as long as systemd gives units that do not say how
// much they want. It stands for a model that takes 100 s to load: the unit gives that one 900 s at least. The first try is killed on
// its way, and the second one has to make good.
func testSlowUpdate(t *testing.T, b Booted, who bootedUser, update []string) {
	t.Helper()
	who.dropIn(t, "20-slow.conf", "[Container]\nEntrypoint=[\"/bin/sh\",\"-c\",\"trap exit TERM; sleep 6 & wait; exec /usr/bin/llama-server \\\"$$@\\\"\",\"sh\"]\n")
	b.MustRun(t, "sh", "-c", "mkdir -p /run/systemd/system.conf.d; printf '[Manager]\\nDefaultTimeoutStartSec=2\\n' >/run/systemd/system.conf.d/t.conf; systemctl daemon-reload")
	if got := b.MustRun(t, "systemctl", "show", "-P", "DefaultTimeoutStartUSec"); strings.TrimSpace(got) != "2s" {
		t.Fatalf("systemd gives units %s", got)
	}
	if out := b.Run(t, append([]string{"timeout", "-s", "KILL", "3"}, update...)...); out.Code == 0 {
		t.Errorf("an update was to be killed: %s%s", out.Stdout, out.Stderr)
	}
	out := b.Run(t, update...)
	if s := who.service(t, "svc."+who.name); out.Code != 0 || s != "active" {
		t.Errorf("a slow start: exit %d, the service is %s: %s\n%s", out.Code, s, out.Stderr, who.journal(t, "svc."+who.name))
	}
	if got := who.MustRun(t, "podman", "inspect", "svc."+who.name, "--format", "{{.Config.Entrypoint}}"); !strings.Contains(got, "sleep 6") {
		t.Errorf("the start was not slow: %s", got)
	}
	b.MustRun(t, "sh", "-c", "rm -r /run/systemd/system.conf.d "+who.units()+"/svc.root.container.d/20-slow.conf; systemctl daemon-reload")
}
