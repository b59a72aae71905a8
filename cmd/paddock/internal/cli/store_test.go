package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts/workload/podmanargs"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/engine"
)

// foldered is a machine whose engine has no artifact store.
func foldered(t *testing.T, choice *engine.Choice) *world {
	t.Helper()
	w := newWorld(t)
	w.env.Services.Engine = func(context.Context, *Env) (*engine.Choice, error) { return choice, nil }
	w.env.Services.Store = openStore
	return w
}

func oldPodman(t *testing.T) *engine.Choice {
	t.Helper()
	v, err := podmanargs.ParseVersion("5.4.2")
	if err != nil {
		t.Fatal(err)
	}
	return &engine.Choice{
		Engine: &engine.Podman{Path: "/usr/bin/podman", Version: v}, Podman: &engine.PodmanInfo{Path: "/usr/bin/podman", Version: v, Rootless: os.Geteuid() != 0},
	}
}

func dockerChoice() *engine.Choice {
	return &engine.Choice{Engine: &engine.Docker{}, Docker: &engine.DockerInfo{Path: "/usr/bin/docker", Version: "28.5.2", Host: "unix:///run/docker.sock"}}
}

// TestFolders: with an engine that has no artifact store, models are pulled into a folder and bound from there.
func TestFolders(t *testing.T) {
	for what, choice := range map[string]*engine.Choice{"docker": dockerChoice(), "podman 5.4": oldPodman(t)} {
		t.Run(what, func(t *testing.T) {
			w := foldered(t, choice)
			o := w.publish(t, tiny)
			w.must(t, "pull", "-q", tiny)
			line := w.must(t, "serve", "--dry-run", tiny)
			store := w.must(t, "info", "--format", "{{.Store.Path}}")
			if !strings.Contains(line, "type=bind,source="+strings.TrimSpace(store)+"/models/") || !strings.Contains(line, "/models/model.gguf") {
				t.Errorf("in %s, the dry run is %s", store, line)
			}
			if kind := w.must(t, "info", "--format", "{{.Store.Kind}}: {{.Store.Reason}}"); !strings.HasPrefix(kind, "dir: ") {
				t.Errorf("info says %s", kind)
			}
			if out := w.must(t, "ls", "--format", "{{.Name}}"); strings.TrimSpace(out) != tiny {
				t.Errorf("ls: %s", out)
			}
			code, unit, err := w.run(t, "quadlet", "generate", tiny)
			if choice.Docker != nil {
				if code != 2 || !strings.Contains(err.Error(), "docker") || len(Hints(err)) == 0 {
					t.Errorf("quadlet: exit %d, %v, %q", code, err, Hints(err))
				}
				return
			}
			hex := o.Plan.Digest.Encoded()
			if code != 0 || !strings.Contains(unit, "/sha256~"+hex+"/") || !strings.Contains(unit, "\nEnvironment=PADDOCK_STORE_DIR="+store) {
				t.Errorf("exit %d, %v, the unit:\n%s", code, err, unit)
			}
		})
	}
}

// TestStoreFolder: the setting goes before what is usual.
func TestStoreFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "elsewhere")
	w := foldered(t, dockerChoice())
	w.env.Environ = func() []string { return []string{"PADDOCK_STORE_DIR=" + dir} }
	if out := w.must(t, "info", "--format", "{{.Store.Path}} {{.Store.Reason}}"); !strings.HasPrefix(out, dir+" ") || !strings.Contains(out, "PADDOCK_STORE_DIR says where") {
		t.Errorf("info: %s", out)
	}
	w.env.Environ = func() []string { return []string{"PADDOCK_STORE_DIR=relative"} }
	if code, _, err := w.run(t, "ls"); code == 0 || !strings.Contains(err.Error(), "PADDOCK_STORE_DIR") {
		t.Errorf("a relative folder: exit %d, %v", code, err)
	}
}

// TestRemoteEngine: a folder of this machine is of no use to containers of another.
func TestRemoteEngine(t *testing.T) {
	choice := dockerChoice()
	choice.Docker.Host = "ssh://ann@elsewhere"
	w := foldered(t, choice)
	if code, _, err := w.run(t, "ls"); code != 1 || !strings.Contains(err.Error(), "ssh://ann@elsewhere") {
		t.Errorf("exit %d, %v", code, err)
	}
}

// TestServeReplaceDocker: Docker cannot replace a container in one command, so that the old one is removed first.
func TestServeReplaceDocker(t *testing.T) {
	w := foldered(t, dockerChoice())
	w.publish(t, tiny)
	w.must(t, "serve", "--replace", "-q", tiny)
	if len(w.ran) != 2 || strings.Join(w.ran[0], " ") != "docker rm --force tiny-1" || w.ran[1][1] != "run" {
		t.Errorf("ran %q", w.ran)
	}
	if lines := strings.Split(strings.TrimSpace(w.must(t, "serve", "--replace", "--dry-run", tiny)), "\n"); len(lines) != 2 {
		t.Errorf("printed %q", lines)
	}
}
