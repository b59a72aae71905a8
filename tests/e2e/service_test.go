//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

// TestService: a model as a systemd service, as root and as a user: active only when it answers, moved to another revision and
// rolled back from a broken one, up again after a reboot without the registry, and gone without a trace.
func TestService(t *testing.T) {
	NeedPaddock(t)
	b := Boot(t)
	reg := registryIn(t, b.Lab, nil)
	for _, who := range b.everyone() {
		name := reg.Addr + "/m/svc." + who.name + ":v1.0"
		pushModelPack(t, reg, name, single(t))
		who.dropIn(t, "10-mine.conf", "[Container]\nEnvironment=MINE=1\n")
		who.Stdin("key of "+who.name).MustRun(t, "podman", "secret", "create", "svc-key", "-")
		out := who.Run(t, "paddock", "quadlet", "install", "--start", "--tls-verify=false", "--name", "svc."+who.name, "--image", llamaImage,
			"--port", who.port, "--restart", "always", "--api-key-secret", "svc-key", "--secret", "svc-key,target=key.txt",
			"--env", `ODD=a b  "c" 100% $HOME \d 'e'`, name, "--", "--threads", "1", "--alias", `m "x" 50% $1 \n`)
		if out.Code != 0 {
			t.Fatalf("%s: install --start: exit %d, %s\n%s", who.name, out.Code, out.Stderr, who.journal(t, "svc."+who.name))
		}
		if s := who.service(t, "svc."+who.name); s != "active" {
			t.Errorf("%s: after install --start the service is %s", who.name, s)
		}
		testUpdates(t, b, who, reg, name)
		if rows := who.MustRun(t, "paddock", "quadlet", "ls", "--noheading"); !strings.Contains(rows, "svc."+who.name) || !strings.Contains(rows, name) {
			t.Errorf("%s: quadlet ls: %q", who.name, rows)
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
		testRemoval(t, who)
	}
}

// testRemoval removes the service: nothing of it is left, and what is the user's own stays.
func testRemoval(t *testing.T, who bootedUser) {
	t.Helper()
	out := who.Run(t, "paddock", "quadlet", "rm", "svc."+who.name)
	if out.Code != 0 || !strings.Contains(out.Stderr, "svc."+who.name+".container.d") {
		t.Errorf("%s: rm: exit %d, %s", who.name, out.Code, out.Stderr)
	}
	if s := who.service(t, "svc."+who.name); s == "active" {
		t.Errorf("%s: after rm the service is %s", who.name, s)
	}
	if left := who.MustRun(t, "podman", "ps", "-a", "-q"); strings.TrimSpace(left) != "" {
		t.Errorf("%s: after rm there is a container: %s", who.name, left)
	}
	if left := who.MustRun(t, "sh", "-c", "cd "+who.units()+" && find . -type f | sort | xargs"); strings.TrimSpace(left) != "./.paddock.lock ./svc."+who.name+".container.d/10-mine.conf" {
		t.Errorf("%s: after rm there are the units: %s", who.name, left)
	}
	if left := who.MustRun(t, "sh", "-c", "find "+stagingDir(t, who.place)+" -name '*.part' -o -name '*.blob' | xargs"); strings.TrimSpace(left) != "" {
		t.Errorf("%s: after rm there is staged: %s", who.name, left)
	}
	for _, l := range strings.Split(strings.TrimSpace(who.MustRun(t, "paddock", "ls", "--noheading", "--format", "{{.Name}}")), "\n") {
		if strings.Contains(l, "@") {
			t.Errorf("%s: after rm the pin is left: %s", who.name, l)
		}
	}
}

// assertService checks the service with the split model.
func assertService(t *testing.T, who bootedUser) {
	t.Helper()
	key := []string{"-H", "Authorization: Bearer key of " + who.name}
	assertChat(t, who.place, who.port, key...)
	assertHardened(t, who.place, "svc."+who.name)
	assertTree(t, who.place, "svc."+who.name, split(t))
	env := who.MustRun(t, "podman", "exec", "svc."+who.name, "sh", "-c", `printf '%s|%s|%s' "$ODD" "$MINE" "$(cat /run/secrets/key.txt)"`)
	if want := `a b  "c" 100% $HOME \d 'e'|1|key of ` + who.name; env != want {
		t.Errorf("%s: the container has %s, not %s", who.name, env, want)
	}
	models := []string{"curl", "-sS", "-w", "%{http_code}", "http://127.0.0.1:" + who.port + "/v1/models"}
	if got := who.MustRun(t, append(models, key...)...); !strings.Contains(got, `m \"x\" 50% $1 \\n`) {
		t.Errorf("%s: the alias arrived as %s", who.name, got)
	}
	if got := who.MustRun(t, "curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:"+who.port+"/v1/chat/completions", "-d", "{}"); got != "401" {
		t.Errorf("%s: without the key the server says %s", who.name, got)
	}
	if unit := who.MustRun(t, "paddock", "quadlet", "print", "svc."+who.name); !strings.Contains(unit, "@sha256:") || strings.Contains(unit, "key of") {
		t.Errorf("%s: the unit pins no digest, or has the key:\n%s", who.name, unit)
	}
}
