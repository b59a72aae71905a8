//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"testing"
)

// TestServeSplit: a split model with files in sub-folders, in both packagings, is served under its publisher's paths.
func TestServeSplit(t *testing.T) {
	reg := startRegistry(t, nil)
	push := map[string]func(*testing.T, registry, string, model) string{"modelpack": pushModelPack, "titled": pushTitled}
	for _, who := range everyone(t) {
		for packaging, push := range push {
			t.Run(who.name+"/"+packaging, func(t *testing.T) {
				m := split(t)
				name := reg.Addr + "/m/" + packaging + "-" + who.name + ":1"
				push(t, reg, name, m)
				container := "serve-" + packaging + "-" + who.name
				t.Cleanup(func() { who.Run(t, "podman", "rm", "-f", "-i", "-t", "0", container) })
				// pulls what is missing, by itself
				who.MustRun(t, "paddock", "serve", "-d", "--tls-verify=false", "--name", container, "--image", llamaImage,
					"--port", "18200", name, "--", "--threads", "1")
				assertTree(t, who, container, m)
				assertChat(t, who, "18200")
				assertHardened(t, who, container)
				who.MustRun(t, "podman", "rm", "-f", "-t", "0", container)
				who.MustRun(t, "paddock", "rm", name)
			})
		}
	}
}

// assertTree checks that /models holds exactly the publisher's files, by path and content.
func assertTree(t *testing.T, in place, container string, m model) {
	t.Helper()
	assertTreeBy(t, in, "podman", container, m)
}

// assertTreeBy is assertTree for a container of whichever engine.
func assertTreeBy(t *testing.T, in place, engine, container string, m model) {
	t.Helper()
	out := in.MustRun(t, engine, "exec", container, "sh", "-c", "cd /models && find . -type f | sort | xargs sha256sum")
	var want []string
	for path, sum := range m.sums(t) {
		want = append(want, fmt.Sprintf("%s  ./%s", sum, path))
	}
	got := strings.Split(strings.TrimSpace(out), "\n")
	sort.Strings(want)
	sort.Strings(got)
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("files in the container:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// assertChat asks the server and wants tokens back. curl gets the flags, too.
func assertChat(t *testing.T, in place, port string, flags ...string) {
	t.Helper()
	out := in.MustRun(t, append([]string{"curl", "-fsS", "http://127.0.0.1:" + port + "/v1/chat/completions",
		"-d", `{"messages":[{"role":"user","content":"the"}],"max_tokens":4}`}, flags...)...)
	var answer struct {
		Usage struct {
			CompletionTokens int `json:"completion_tokens"`
		}
	}
	if err := json.Unmarshal([]byte(out), &answer); err != nil || answer.Usage.CompletionTokens < 1 {
		t.Errorf("the server answered %q (%v)", out, err)
	}
}

// assertHardened checks what paddock promises of a container: loopback, no capabilities, a read-only root.
func assertHardened(t *testing.T, in place, container string) {
	t.Helper()
	var cs []struct {
		EffectiveCaps, BoundingCaps []string
		HostConfig                  struct {
			ReadonlyRootfs bool
			SecurityOpt    []string
			PortBindings   map[string][]struct{ HostIp, HostPort string }
		}
	}
	if err := json.Unmarshal([]byte(in.MustRun(t, "podman", "inspect", container)), &cs); err != nil || len(cs) != 1 {
		t.Fatalf("podman inspect: %v", err)
	}
	c := cs[0]
	if len(c.EffectiveCaps) != 0 || len(c.BoundingCaps) != 0 {
		t.Errorf("capabilities: %v, %v", c.EffectiveCaps, c.BoundingCaps)
	}
	if !c.HostConfig.ReadonlyRootfs || !strings.Contains(strings.Join(c.HostConfig.SecurityOpt, " "), "no-new-privileges") {
		t.Errorf("read-only root %v, security options %v", c.HostConfig.ReadonlyRootfs, c.HostConfig.SecurityOpt)
	}
	for port, binds := range c.HostConfig.PortBindings {
		for _, b := range binds {
			if b.HostIp != "127.0.0.1" {
				t.Errorf("port %s is published on %q", port, b.HostIp)
			}
		}
	}
	if len(c.HostConfig.PortBindings) != 1 {
		t.Errorf("published ports: %v", c.HostConfig.PortBindings)
	}
}

// TestDryRun: what it prints is what runs, and printing it changes nothing.
func TestDryRun(t *testing.T) {
	reg := startRegistry(t, nil)
	root := asRoot(t)
	name := reg.Addr + "/m/dry:1"
	pushModelPack(t, reg, name, single(t))
	if r := root.Run(t, "paddock", "serve", "--dry-run", name); r.Code != 3 {
		t.Errorf("dry run of a missing model: exit %d, %s", r.Code, r.Stderr)
	}
	if rows := paddockLs(t, root); len(rows) != 0 {
		t.Fatalf("the dry run pulled %v", rows)
	}
	root.MustRun(t, "paddock", "pull", "--tls-verify=false", name)
	t.Cleanup(func() { root.Run(t, "podman", "rm", "-f", "-i", "-t", "0", "dry") })
	args := []string{"--name", "dry", "--image", llamaImage, "--port", "18201", "-d", "--env", "A=b c $HOME 100%", name, "--", "--threads", "1"}
	line := root.MustRun(t, append([]string{"paddock", "serve", "--dry-run"}, args...)...)
	if out := root.MustRun(t, "podman", "ps", "-a", "-q"); strings.TrimSpace(out) != "" {
		t.Fatalf("the dry run started %s", out)
	}
	root.MustRun(t, append([]string{"paddock", "serve"}, args...)...)
	created := root.MustRun(t, "podman", "inspect", "--format", "{{json .Config.CreateCommand}}", "dry")
	var argv []string
	if err := json.Unmarshal([]byte(created), &argv); err != nil {
		t.Fatal(err)
	}
	// the shell reads the printed line back to the very arguments that ran
	printed := root.MustRun(t, "sh", "-c", "for a in "+strings.TrimSpace(line)+"; do printf '%s\\n' \"$a\"; done")
	if strings.TrimSpace(printed) != strings.Join(argv, "\n") {
		t.Errorf("printed:\n%s\nran:\n%s", printed, strings.Join(argv, "\n"))
	}
	env := root.MustRun(t, "podman", "exec", "dry", "sh", "-c", `printf %s "$A"`)
	if env != "b c $HOME 100%" {
		t.Errorf("A=%q in the container", env)
	}
	root.MustRun(t, "podman", "rm", "-f", "-t", "0", "dry")
	root.MustRun(t, "paddock", "rm", name)
}

// TestPaddockSaysNo: bad input has its exit code, names the input, and starts nothing.
func TestPaddockSaysNo(t *testing.T) {
	root := asRoot(t)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"serve", "--prot", "1", "localhost/x:1"}, 2, "prot"},
		{[]string{"serve", "localhost/x:1", "--port", "0"}, 2, "port"},
		{[]string{"srve", "localhost/x:1"}, 2, "srve"},
		{[]string{"pull"}, 2, "REF"},
		{[]string{"pull", "foo://x"}, 2, "foo"},
		{[]string{"pull", "quay.io/Org/UPPER:1"}, 2, "UPPER"},
		{[]string{"inspect", "localhost/none:1"}, 3, "localhost/none:1"},
		{[]string{"rm", "localhost/none:1"}, 3, "localhost/none:1"},
		{[]string{"quadlet", "rm", "none"}, 3, "none"},
		{[]string{"ls", "--format", "{{.Nme}}"}, 2, "Nme"},
	} {
		r := root.Run(t, append([]string{"paddock"}, c.args...)...)
		if r.Code != c.code || !strings.Contains(r.Stderr, c.says) || r.Stdout != "" {
			t.Errorf("paddock %s: exit %d (want %d), stdout %q, stderr %q (want %q in it)", strings.Join(c.args, " "), r.Code, c.code, r.Stdout, r.Stderr, c.says)
		}
	}
}
