//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

// TestLab: the lab is what the other tests take it for.
func TestLab(t *testing.T) {
	for name, test := range map[string]func(*testing.T){
		"containers": labContainers, "calls": labCalls, "binds": labBinds, "registry": labRegistry, "llama": labLlama,
		"reset": labReset, "booted": labBooted,
	} {
		t.Run(name, test)
	}
}

func labUsers() map[string]Lab { return map[string]Lab{"root": {}, "ai": Lab{}.User("ai")} }

func labContainers(t *testing.T) {
	for name, lab := range labUsers() {
		for _, network := range []string{"none", "host", "bridge"} {
			out := lab.MustRun(t, "podman", "run", "--rm", "--network", network, "localhost/busybox:lab", "echo", "hello")
			if out != "hello\n" {
				t.Errorf("%s, network %s: %q", name, network, out)
			}
		}
		if got := lab.MustRun(t, "podman", "info", "--format", "{{.Store.GraphDriverName}} {{.Host.CgroupsVersion}}"); got != "overlay v2\n" {
			t.Errorf("%s: podman uses %q", name, got)
		}
		if v := lab.MustRun(t, "podman", "version", "--format", "{{.Client.Version}}"); !strings.HasPrefix(v, "5.") {
			t.Errorf("%s: podman is %s", name, v)
		}
	}
}

func labCalls(t *testing.T) {
	for name, lab := range labUsers() {
		r := lab.Stdin("in").Env("A=b c").Run(t, "sh", "-c", `cat; echo "$A $USER" >&2; exit 7`)
		if want := (Result{Stdout: "in", Stderr: "b c " + name + "\n", Code: 7}); r != want {
			t.Errorf("%s: %+v, want %+v", name, r, want)
		}
		if r := lab.Run(t, "sh", "-c", "kill -TERM $$"); r.Code != 128+15 {
			t.Errorf("%s: a command ended by SIGTERM gives %+v", name, r)
		}
	}
	if n := (Lab{}).MustRun(t, "sh", "-c", "ip route get 192.0.2.1 2>&1 || :"); !strings.Contains(n, "unreachable") {
		t.Errorf("there is a way out of the lab's network: %s", n)
	}
	if r := (Lab{}).User("ai").Run(t, "ls", "/.host/tree"); r.Code == 0 {
		t.Errorf("an ordinary user sees the machine's tree: %s", r.Stdout)
	}
}

func labRegistry(t *testing.T) {
	root := Lab{}
	plain := root.StartRegistry(t, nil)
	secret := root.StartRegistry(t, &RegistryOptions{User: "ann", Password: "p:x $y", TLS: true})
	for name, lab := range labUsers() {
		dir := strings.TrimSpace(lab.MustRun(t, "mktemp", "-d"))
		sh := func(script string) Result {
			return lab.Env("DIR="+dir, "PLAIN="+plain.Addr+"/t/"+name+":1", "SECRET="+secret.Addr+"/t/"+name+":1", "CA="+secret.CA).
				Run(t, "sh", "-ec", `cd "$DIR"; `+script)
		}
		for _, ok := range []string{
			`echo data >f.txt; oras push --plain-http "$PLAIN" f.txt`,
			`oras pull --plain-http -o back "$PLAIN"; cmp f.txt back/f.txt`,
			`podman artifact pull -q --tls-verify=false "$PLAIN"; podman artifact rm "$PLAIN"`,
			`echo 'p:x $y' | tr -d '\n' | oras push --ca-file "$CA" -u ann --password-stdin "$SECRET" f.txt`,
		} {
			if r := sh(ok); r.Code != 0 {
				t.Errorf("%s: %s: exit %d\n%s%s", name, ok, r.Code, r.Stdout, r.Stderr)
			}
		}
		for _, refused := range []string{
			`oras pull --ca-file "$CA" -o x "$SECRET"`, // no password
			`echo wrong | tr -d '\n' | oras pull --ca-file "$CA" -u ann --password-stdin -o x "$SECRET"`,
			`echo 'p:x $y' | tr -d '\n' | oras pull -u ann --password-stdin -o x "$SECRET"`, // no CA
		} {
			if r := sh(refused); r.Code == 0 {
				t.Errorf("%s: taken: %s\n%s", name, refused, r.Stdout)
			}
		}
	}
	plain.Stop(t)
	if r := root.Run(t, "curl", "-s", "http://"+plain.Addr+"/v2/"); r.Code == 0 {
		t.Error("a stopped registry answers")
	}
}

func labLlama(t *testing.T) {
	for name, lab := range labUsers() {
		out := lab.MustRun(t, "sh", "-c", "podman run --rm --network none localhost/llama-server:lab --version 2>&1")
		if !strings.Contains(out, "version:") {
			t.Errorf("%s: llama-server --version: %s", name, out)
		}
		lab.MustRun(t, "podman", "run", "--rm", "--network", "none", "--entrypoint", "sh", "localhost/llama-server:lab", "-c", "command -v wget")
		got := lab.MustRun(t, "podman", "image", "inspect", "--format", "{{.Config.Entrypoint}} {{.Config.ExposedPorts}}", "localhost/llama-server:lab")
		if got != "[/usr/bin/llama-server] map[8080/tcp:{}]\n" {
			t.Errorf("%s: entry point and ports are %q", name, got)
		}
	}
}
