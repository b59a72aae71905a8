//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

// TestCompose: docker compose brings up what paddock compose prints, with Docker and with Podman, and takes it down again: the model is
// where its publisher put it, and the container is shut in.
func TestCompose(t *testing.T) {
	docker := dockerHosts(t)[0]
	t.Run("docker", func(t *testing.T) {
		testCompose(t, docker.place, "docker", "docker", "compose", "-f", "-")
	})
	t.Run("podman", func(t *testing.T) {
		root := asRoot(t)
		const socket = "unix:///run/paddock-compose.sock"
		root.MustRun(t, "sh", "-c", "setsid podman system service -t 0 "+socket+" >/dev/null 2>&1 </dev/null & echo $! >/run/paddock-compose.pid")
		t.Cleanup(func() {
			root.MustRun(t, "sh", "-c", "kill $(cat /run/paddock-compose.pid); rm -f /run/paddock-compose.sock")
		})
		root.MustRun(t, "curl", "-fsS", "--retry", "60", "--retry-all-errors", "--retry-delay", "1", "--unix-socket", strings.TrimPrefix(socket, "unix://"), "http://d/_ping")
		testCompose(t, place{root.Env("DOCKER_HOST=" + socket), "root"}, "podman", "podman", "compose", "-f", "-")
	})
}

func testCompose(t *testing.T, who place, engine string, compose ...string) {
	const port, container = "18230", "composed"
	m := split(t)
	who.MustRun(t, "paddock", "pack", "-q", "-t", "compose:1", m.unpack(t, who.Lab))
	t.Cleanup(func() {
		who.Run(t, engine, "rm", "-f", container)
		who.Run(t, "paddock", "rm", "-i", "localhost/compose:1")
	})
	file := who.Stdin(who.MustRun(t, "paddock", "compose", "--name", container, "--image", llamaImage, "--port", port, "-e", "ODD=$HOME ${X} 100%",
		"compose:1", "--", "--threads", "1"))
	up := append(compose, "up", "-d")
	if engine == "docker" {
		up = append(up, "--wait") // nobody checks the health of Podman's containers here, for want of systemd
	}
	file.MustRun(t, up...)
	waitAnswers(t, who, port)
	assertTreeBy(t, who, engine, container, m)
	assertChat(t, who, port)
	out := who.MustRun(t, engine, "exec", container, "sh", "-c", `echo "$ODD"; grep -c '^Cap[A-Z].*:.0*$' /proc/1/status; grep NoNewPrivs /proc/1/status
		touch /tmp/x && echo tmp; touch /x /models/docs/README.md 2>/dev/null || echo read-only`)
	if want := "$HOME ${X} 100%\n"; !strings.HasPrefix(out, want) || !strings.HasSuffix(out, "NoNewPrivs:\t1\ntmp\nread-only\n") {
		t.Errorf("the container says %q", out)
	}
	if ports := who.MustRun(t, engine, "port", container); ports != "8080/tcp -> 127.0.0.1:"+port+"\n" {
		t.Errorf("published: %s", ports)
	}
	file.MustRun(t, append(compose, "down")...)
	if left := who.MustRun(t, engine, "ps", "-aq"); left != "" {
		t.Errorf("left: %s", left)
	}
}
