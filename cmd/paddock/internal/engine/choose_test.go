package engine

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	podman, _ := podmanAt(t, t.TempDir())
	old := writeProgram(t, "podman", `echo '{"store":{"graphRoot":"/g"},"version":{"Version":"5.4.2"}}'`)
	broken := writeProgram(t, "podman", "exit 125")
	docker := writeProgram(t, "docker", `[ "$1" = version ] || exec echo unix:///run/docker.sock; echo '{"Client":{"Version":"1"},"Server":{"Version":"28.5.2"}}'`)
	once := writeProgram(t, "docker", `[ "$1" = version ] || exit 1; echo '{"Client":{"Version":"1","Context":"default"},"Server":{"Version":"28.5.2"}}'`)
	down := writeProgram(t, "docker", "echo cannot connect >&2; exit 1")
	shim := writeProgram(t, "docker", `echo '{"Client":{"Version":"5.8.6"}}'`)
	const none = "/nonexistent/x"
	for _, c := range []struct {
		requested, origin, podman, docker string
		engine, says                      string // says is in the reason, or in the error if engine is ""
	}{
		{"", "", podman, docker, "podman", "it is installed"},
		{"", "", old, docker, "podman", "before 5.6.0"},
		{"", "", none, docker, "docker", "podman is not installed"},
		{"", "", none, once, "docker", "podman is not installed"}, // whose default context needs no question
		{"docker", "--engine", podman, docker, "docker", "--engine asks for it"},
		{"podman", "", podman, none, "podman", "it was asked for"},
		{"", "", broken, docker, "", "125"}, // not a reason for Docker
		{"", "", none, down, "", "cannot connect"},
		{"", "", none, shim, "", "stand-in"},
		{"docker", "", podman, none, "", "docker"},
		{"podman", "", none, docker, "", "podman"},
		{"containerd", "paddock.conf", podman, docker, "", "paddock.conf"},
	} {
		got, err := Choose(t.Context(), &ChooseOptions{Requested: c.requested, Origin: c.origin, Podman: &ProbeOptions{Path: c.podman, Environ: os.Environ()}, DockerPath: c.docker})
		switch {
		case c.engine == "":
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%+v: got %+v, %v", c, got, err)
			}
		case err != nil || got.Engine.Name() != c.engine || !strings.Contains(got.Reason, c.says):
			t.Errorf("%+v: got %+v, %v", c, got, err)
		case got.Native() != (c.podman == podman && c.engine == "podman"), (got.Podman == nil) == (got.Docker == nil):
			t.Errorf("%+v: got %+v", c, got)
		case got.Docker != nil && (got.Docker.Version != "28.5.2" || got.Docker.Client != "1" || got.Docker.MountsImages()):
			t.Errorf("%+v: got %+v", c, got)
		}
	}
	if _, err := Choose(t.Context(), &ChooseOptions{Podman: &ProbeOptions{Path: none}, DockerPath: none}); !errors.Is(err, ErrNoEngine) {
		t.Errorf("no engine: got %v", err)
	}
}
