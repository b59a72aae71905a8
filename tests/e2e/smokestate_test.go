//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// labBinds: a file that was replaced by another of the same name is bound anew.
func labBinds(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	for _, text := range []string{"one", "two"} {
		if err := os.WriteFile(file+".new", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
		if got := mustScript(t, "enter", "--bind", file+":/mnt/dir/bound", "cat", "/mnt/dir/bound"); got != text {
			t.Errorf("the bound file says %q, want %q", got, text)
		}
	}
}

func labReset(t *testing.T) {
	for name, lab := range labUsers() {
		lab.MustRun(t, "podman", "run", "-d", "--name", "stays", "localhost/busybox:lab", "sleep", "1000000")
		lab.MustRun(t, "sh", "-c", "podman network create n && podman volume create v && echo data >~/f && podman artifact add localhost/a:1 ~/f")
		if out := lab.MustRun(t, "podman", "ps", "-q", "--filter", "status=running"); out == "" {
			t.Errorf("%s: no container to reset", name)
		}
	}
	Lab{}.MustRun(t, "sh", "-c", "echo x >/etc/containers/x; mkdir -p /usr/local/share/x")
	Lab{}.Reset(t)
	for name, lab := range labUsers() {
		left := lab.MustRun(t, "sh", "-c", `podman ps -aq; podman volume ls -q; podman artifact ls --noheading; podman network exists n && echo network n
			ls -d ~/f /etc/containers/x /usr/local/share/x 2>/dev/null || :`)
		if left != "" {
			t.Errorf("%s: left after a reset: %s", name, left)
		}
		images := lab.MustRun(t, "podman", "images", "--sort", "repository", "--format", "{{.Repository}}:{{.Tag}}")
		if images != "localhost/busybox:lab\nlocalhost/llama-server:lab\n" {
			t.Errorf("%s: images after a reset: %q", name, images)
		}
	}
	if ps := (Lab{}).MustRun(t, "ps", "-eo", "args"); strings.Contains(ps, "sleep 1000000") {
		t.Errorf("a container outlived the reset:\n%s", ps)
	}
}

func labBooted(t *testing.T) {
	booted := Boot(t)
	boot := func() string { return booted.MustRun(t, "cat", "/proc/1/comm", "/proc/sys/kernel/random/boot_id") }
	if got := booted.MustRun(t, "systemctl", "is-system-running"); got != "running\n" {
		t.Errorf("systemd is %s: %s", got, booted.MustRun(t, "systemctl", "--failed", "--no-pager"))
	}
	if !strings.HasPrefix(boot(), "systemd\n") {
		t.Errorf("process 1: %s", boot())
	}
	for name, lab := range map[string]Lab{"root": booted.Lab, "ai": booted.User("ai")} {
		r := lab.Stdin("in").Env("A=b c").Run(t, "sh", "-c", `cat; echo "$A" >&2; exit 7`)
		if want := (Result{Stdout: "in", Stderr: "b c\n", Code: 7}); r != want {
			t.Errorf("%s: %+v, want %+v", name, r, want)
		}
		lab.MustRun(t, "podman", "run", "--rm", "localhost/busybox:lab", "true")
		lab.MustRun(t, "sh", "-c", "podman image exists localhost/llama-server:lab; touch ~/kept; touch /tmp/lost-"+name)
	}
	reg := booted.User("ai").StartRegistry(t, nil)
	booted.MustRun(t, "curl", "-fsS", "http://"+reg.Addr+"/v2/")
	labQuadlet(t, booted.Lab, "/etc/containers/systemd", "systemctl")
	labQuadlet(t, booted.User("ai"), "/home/ai/.config/containers/systemd", "systemctl --user")
	booted.Restart(t)
	if r := booted.Run(t, "curl", "-s", "http://"+reg.Addr+"/v2/"); r.Code == 0 {
		t.Error("a registry outlived the reboot")
	}
	for name, lab := range map[string]Lab{"root": booted.Lab, "ai": booted.User("ai")} {
		lab.MustRun(t, "sh", "-ec", "test -e ~/kept; test ! -e /tmp/lost-"+name)
		if out := lab.MustRun(t, "sh", "-c", "for i in $(seq 100); do podman exec lab hostname && break; sleep 0.3; done 2>/dev/null"); out == "" {
			t.Errorf("%s: its unit did not start at boot", name)
		}
	}
}

// labQuadlet installs and starts a container unit that is started at boot, too.
func labQuadlet(t *testing.T, lab Lab, dir, systemctl string) {
	t.Helper()
	unit := "[Container]\nImage=localhost/busybox:lab\nContainerName=lab\nExec=sleep 1000000\nStopTimeout=1\n[Install]\nWantedBy=default.target\n"
	lab.Stdin(unit).MustRun(t, "sh", "-ec", "mkdir -p "+dir+"; cat >"+dir+"/lab.container; "+systemctl+" daemon-reload; "+systemctl+" start lab.service; podman exec lab true")
}
