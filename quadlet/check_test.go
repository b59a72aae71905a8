package quadlet

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts/workload"
)

// TestRivals: a file that makes the same service is found before systemd knows of it.
func TestRivals(t *testing.T) {
	for _, c := range []struct {
		file, text, name string
		user, want       bool
	}{
		{"kk.kube", "[Kube]\nYaml=x\n", "kk", true, true},
		{"sub/kk.kube", "[Kube]\nYaml=x\n", "kk", true, true},
		{"sub/kk.container", "[Container]\nImage=x\n", "kk", true, true},
		{"kk.kube", "not a unit", "kk", true, true},
		{"other.pod", "[Pod]\nServiceName=kk\n", "kk", true, true},
		{"kk.kube", "[Kube]\nServiceName=other\n", "kk", true, false},
		{"other.pod", "[Unit]\nServiceName=kk\n", "kk", true, false},
		{"data.volume", "[Volume]\n", "data-volume", true, true},
		{"data.volume", "[Volume]\n", "data", true, false},
		{"kk.yaml", "x", "kk", true, false},
		{"kk.container.d/kk.kube", "[Kube]\n", "kk", true, false},
		{"users/kk.kube", "[Kube]\n", "kk", true, true},
		{"users/kk.kube", "[Kube]\n", "kk", false, false},
	} {
		i := newSystemd(t).installer()
		i.Systemctl = &Systemctl{User: c.user}
		path := filepath.Join(i.Dir, c.file)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(c.text), 0o600)); err != nil {
			t.Fatal(err)
		}
		want := ""
		if c.want {
			want = path
		}
		if got, err := i.rival(c.name+".service", filepath.Join(i.Dir, c.name+".container")); err != nil || got != want {
			t.Errorf("%s, %q, for %s: got %q, %v", c.file, c.text, c.name, got, err)
		}
	}
}

// TestCheck: what Install refuses, Check refuses before, with the file's name, and nothing is made.
func TestCheck(t *testing.T) {
	s := newSystemd(t)
	i := s.installer()
	i.Dir = filepath.Join(s.dir, "units")
	if err := i.Check(t.Context(), &Set{Name: "m"}, false); err != nil {
		t.Errorf("a free name: %v", err)
	}
	if _, err := os.Stat(i.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder was made: %v", err)
	}
	s.dir = i.Dir
	if _, err := install(t, i, "m", testUnit(t), false); err != nil {
		t.Fatal(err)
	}
	if err := i.Check(t.Context(), &Set{Name: "m"}, true); err != nil {
		t.Errorf("replacing: %v", err)
	}
	for name, text := range map[string]string{"web.container": "[Container]\nImage=x\n", "kk.kube": "[Kube]\nYaml=x\n"} {
		if err := os.WriteFile(filepath.Join(i.Dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.services["sshd.service"] = ServiceState{Load: "loaded", Active: "active", Fragment: "/usr/lib/systemd/system/sshd.service"}
	s.did = nil
	for _, c := range []struct {
		name string
		is   error
		says string
	}{
		{"m", ErrInstalled, "unit m"}, {"web", ErrForeign, "web.container"}, {"kk", ErrForeign, "kk.kube"}, {"sshd", ErrForeign, "/usr/lib/systemd/system/sshd.service"},
	} {
		for what, err := range map[string]error{"check": i.Check(t.Context(), &Set{Name: c.name}, false), "install": second(install(t, i, c.name, testUnit(t), false))} {
			if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s of %s: %v", what, c.name, err)
			}
		}
	}
	if err := i.Check(t.Context(), &Set{Name: "../m"}, true); err == nil {
		t.Error("a path is no name")
	}
	s.fail["show"] = errors.New("exit status 1")
	if err := i.Check(t.Context(), &Set{Name: "n"}, false); err == nil || !strings.Contains(err.Error(), "systemd says no") {
		t.Errorf("without systemd: %v", err)
	}
	if len(s.did) != 0 {
		t.Errorf("did %q", s.did)
	}
}

func second(_ *Installed, err error) error { return err }

// TestShadowed: a service that systemd makes of a file elsewhere is not taken for ours, and the file is named.
func TestShadowed(t *testing.T) {
	s := newSystemd(t)
	i := s.installer()
	s.shadow = map[string]string{"kk.service": "/run/containers/systemd/kk.kube"}
	_, err := install(t, i, "kk", testUnit(t), false)
	if !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), "/run/containers/systemd/kk.kube") || strings.Contains(err.Error(), "systemd has no service") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(filepath.Join(i.Dir, "kk.container")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("left behind: %v", err)
	}
}

func TestCheckOptions(t *testing.T) {
	good := workload.Options{Image: "quay.io/x/y:1", Network: "host", ServerArgs: []string{"--a", "b c"}, Env: []workload.EnvVar{{Name: "A"}}}
	if err := CheckOptions(&good); err != nil {
		t.Error(err)
	}
	for says, change := range map[string]func(*workload.Options){
		`server argument "": an empty`: func(o *workload.Options) { o.ServerArgs = []string{"--a", ""} },
		`server argument ";"`:          func(o *workload.Options) { o.ServerArgs = []string{";"} },
		"environment variable B":       func(o *workload.Options) { o.Env = []workload.EnvVar{{Name: "B", Value: "\n"}} },
		"image: \"x\\\"":               func(o *workload.Options) { o.Image = `x"` },
		`image "x.build"`:              func(o *workload.Options) { o.Image = "x.build" },
		"network: white space":         func(o *workload.Options) { o.Network = "a " },
	} {
		o := good
		change(&o)
		if err := CheckOptions(&o); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %s, got %v", says, err)
		}
	}
}
