//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

// TestService: a model as a systemd service, as root and as a user: active only when it answers, up again after a
// reboot without the registry, and gone without a trace.
func TestService(t *testing.T) {
	NeedPaddock(t)
	b := Boot(t)
	reg := registryIn(t, b.Lab, nil)
	for _, who := range b.everyone() {
		name := reg.Addr + "/m/svc." + who.name + ":v1.0"
		pushModelPack(t, reg, name, split(t))
		out := who.Run(t, "paddock", "quadlet", "install", "--start", "--tls-verify=false", "--name", "svc."+who.name, "--image", llamaImage,
			"--port", who.port, "--env", `ODD=a b  "c" 100% $HOME \d 'e'`, name, "--", "--threads", "1", "--alias", `m "x" 50% $1 \n`)
		if out.Code != 0 {
			t.Fatalf("%s: install --start: exit %d, %s\n%s", who.name, out.Code, out.Stderr, who.journal(t, "svc."+who.name))
		}
		if s := who.service(t, "svc."+who.name); s != "active" {
			t.Errorf("%s: after install --start the service is %s", who.name, s)
		}
		assertService(t, who)
		if rows := who.MustRun(t, "paddock", "quadlet", "ls", "--noheading"); !strings.Contains(rows, "svc."+who.name) || !strings.Contains(rows, name) {
			t.Errorf("%s: quadlet ls: %q", who.name, rows)
		}
		if unit := who.MustRun(t, "paddock", "quadlet", "print", "svc."+who.name); !strings.Contains(unit, "@sha256:") {
			t.Errorf("%s: the unit does not pin a digest:\n%s", who.name, unit)
		}
	}
	reg.Stop(t)
	b.Restart(t)
	for _, who := range b.everyone() {
		if s := who.waitActive(t, "svc."+who.name); s != "active" {
			t.Fatalf("%s: after the reboot the service is %s\n%s", who.name, s, who.journal(t, "svc."+who.name))
		}
		assertService(t, who)
		before := who.invocation(t, "svc."+who.name)
		who.MustRun(t, "podman", "kill", "svc."+who.name)
		if s := who.waitOther(t, "svc."+who.name, before); s != "active" {
			t.Errorf("%s: after its server was killed the service is %s", who.name, s)
		}
		who.MustRun(t, "paddock", "quadlet", "rm", "svc."+who.name)
		if s := who.service(t, "svc."+who.name); s == "active" {
			t.Errorf("%s: after rm the service is %s", who.name, s)
		}
		if left := who.MustRun(t, "podman", "ps", "-a", "-q"); strings.TrimSpace(left) != "" {
			t.Errorf("%s: after rm there is a container: %s", who.name, left)
		}
		if rows := who.MustRun(t, "paddock", "quadlet", "ls", "--noheading"); strings.TrimSpace(rows) != "" {
			t.Errorf("%s: after rm quadlet ls shows %q", who.name, rows)
		}
		for _, l := range strings.Split(strings.TrimSpace(who.MustRun(t, "paddock", "ls", "--noheading", "--format", "{{.Name}}")), "\n") {
			if strings.Contains(l, "@") {
				t.Errorf("%s: after rm the pin is left: %s", who.name, l)
			}
		}
	}
}

func assertService(t *testing.T, who bootedUser) {
	t.Helper()
	assertChat(t, who.place, who.port)
	assertHardened(t, who.place, "svc."+who.name)
	assertTree(t, who.place, "svc."+who.name, split(t))
	env := who.MustRun(t, "podman", "exec", "svc."+who.name, "sh", "-c", `printf %s "$ODD"`)
	if env != `a b  "c" 100% $HOME \d 'e'` {
		t.Errorf("%s: ODD=%q in the container", who.name, env)
	}
	if models := who.MustRun(t, "curl", "-fsS", "http://127.0.0.1:"+who.port+"/v1/models"); !strings.Contains(models, `m \"x\" 50% $1 \\n`) {
		t.Errorf("%s: the alias arrived as %s", who.name, models)
	}
}
