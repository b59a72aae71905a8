//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// oldLabDir is where the lab with an old Podman is kept.
func oldLabDir() string { return labDir() + "-old" }

// makeOldLab makes it, once a run, as nobody has used it.
var makeOldLab = sync.OnceValue(func() error {
	for _, args := range [][]string{{"setup", "--old", labDir()}, {"enter", "--reset"}} {
		cmd := exec.Command(labScript(args[0]), args[1:]...)
		cmd.Env = append(os.Environ(), "PADDOCK_LAB="+oldLabDir())
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("running tests/lab/%s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return nil
})

// oldHosts are root and an ordinary user of a machine with Podman 5.4.
func oldHosts(t *testing.T) []folderHost {
	t.Helper()
	NeedPaddock(t)
	if err := makeOldLab(); err != nil {
		t.Fatal(err)
	}
	lab := Lab{old: true}
	t.Cleanup(func() {
		cmd := exec.Command(labScript("enter"), "--down")
		cmd.Env = append(os.Environ(), "PADDOCK_LAB="+oldLabDir())
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("ending the lab with an old Podman: %v\n%s", err, out)
		}
	})
	if v := lab.MustRun(t, "podman", "version", "--format", "{{.Client.Version}}"); !strings.HasPrefix(v, "5.4.") {
		t.Fatalf("the old Podman is %s", v)
	}
	return []folderHost{
		{place: place{lab, "root"}, engine: "podman", store: "/var/lib/paddock", port: "18410"},
		{place: place{lab.User("ai"), "ai"}, engine: "podman", store: "/home/ai/.local/share/paddock", port: "18411"},
	}
}

// TestOldPodman: whatever is done with models on Podman 5.6 is done on 5.4, and with the same outcome.
func TestOldPodman(t *testing.T) {
	hosts := oldHosts(t)
	testFolders(t, hosts, registryIn(t, Lab{old: true}, nil))
}

// TestOldPodmanGenerator: the generator of 5.4 takes every unit that goes with a service.
func TestOldPodmanGenerator(t *testing.T) {
	oldHosts(t)
	beside, err := filepath.Glob("../../quadlet/testdata/*+*")
	if err != nil || len(beside) == 0 {
		t.Fatalf("golden units: %q, %v", beside, err)
	}
	for _, path := range beside {
		unit, _, _ := strings.Cut(path, "+")
		if filepath.Base(unit) == "with" { // for 5.7
			continue
		}
		if service := generateIn(t, Lab{old: true}, unit+".container", false); !strings.Contains(service, "\nExecStart=/usr/bin/podman run ") {
			t.Errorf("%s: the service is\n%s", path, service)
		}
	}
}

// TestOldPodmanService: the generator of 5.4 takes the unit, which names files that a moved tag does not change, and the
// command of its ExecStartPre makes them.
func TestOldPodmanService(t *testing.T) {
	for _, host := range oldHosts(t) {
		t.Run(host.name, func(t *testing.T) {
			reg := registryIn(t, Lab{old: true}, nil)
			name := reg.Addr + "/m/svc-" + host.name + ":1"
			p := archived(t)
			d := p.push(t, reg, name)
			host.MustRun(t, "paddock", "pull", "--tls-verify=false", name)
			unit := host.MustRun(t, "paddock", "quadlet", "generate", "--tls-verify=false", "--image", "quay.io/org/llama:1", "--auto-update", "--restart", "always",
				"--memory", "1g", "--cpus", "1.5", "--secret", "crt,target=a.crt", "--api-key-secret", "key", name)
			pin := repository(name) + "@" + d.String()
			if !strings.Contains(unit, "\nSource="+pin+"\n") || !strings.Contains(unit, "Environment=PADDOCK_STORE_DIR="+host.store+"\n") {
				t.Errorf("the unit:\n%s", unit)
			}
			user := ""
			if host.name != "root" {
				user = "-user"
			}
			const script = `d=$(mktemp -d) && cat >"$d/m.container" && QUADLET_UNIT_DIRS=$d /usr/libexec/podman/quadlet -dryrun -no-kmsg-log $1; rc=$?; rm -r "$d"; exit $rc`
			r := host.Stdin(unit).Run(t, "sh", "-c", script, "sh", user)
			if r.Code != 0 || strings.Contains(r.Stderr, "unsupported") || strings.Contains(r.Stderr, "error") {
				t.Fatalf("the generator: exit %d, %s", r.Code, r.Stderr)
			}
			for _, want := range []string{" --memory 1g --cpus 1.5 ", " --secret crt,target=a.crt ", " --secret key,type=env,target=LLAMA_API_KEY ", " --label io.containers.autoupdate=registry ", "\nRestart=always\n"} {
				if !strings.Contains(r.Stdout, want) {
					t.Errorf("the service has no %q:\n%s", want, r.Stdout)
				}
			}
			pre := commandOf(t, r.Stdout, "ExecStartPre")
			host.MustRun(t, pre...)
			pushModelPack(t, reg, name, single(t)) // the tag moves
			host.MustRun(t, "paddock", "pull", "--tls-verify=false", name)
			host.MustRun(t, "paddock", "rm", name)
			assertUnitFiles(t, host, r.Stdout, p.files)
			reg.Stop(t)
			host.MustRun(t, pre...) // at once, without the registry
			host.MustRun(t, "paddock", "rm", pin)
			assertFolderEmpty(t, host)
		})
	}
}

// assertUnitFiles checks that the files which a service binds are those of the model, by path and content.
func assertUnitFiles(t *testing.T, host folderHost, service string, m model) {
	t.Helper()
	bound := map[string]string{}
	for _, f := range regexp.MustCompile(`type=bind,source=([^,]+),destination=/models/([^,]+),readonly=true`).FindAllStringSubmatch(service, -1) {
		bound[f[2]] = f[1]
	}
	sums := m.sums(t)
	if len(bound) != len(sums) {
		t.Errorf("bound %v", bound)
	}
	for path, sum := range sums {
		if got := host.Run(t, "sha256sum", bound[path]); !strings.HasPrefix(got.Stdout, sum) {
			t.Errorf("%s is %q: %s%s", path, bound[path], got.Stdout, got.Stderr)
		}
	}
}
