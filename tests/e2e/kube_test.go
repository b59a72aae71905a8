//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

// TestKube: podman kube play runs what paddock kube prints of an image, with the model where its publisher put it, shut in, with the
// secrets of the cluster, and takes all of it down again.
func TestKube(t *testing.T) {
	for _, who := range everyone(t) {
		t.Run(who.name, func(t *testing.T) {
			const image, port = "localhost/kube-image:1", "18220"
			m := split(t)
			who.MustRun(t, "paddock", "pack", "-q", "-t", "kube:1", m.unpack(t, who.Lab))
			if r := who.Run(t, "paddock", "kube", "kube:1"); r.Code != 1 || r.Stdout != "" || !strings.Contains(r.Stderr, "paddock convert --to image localhost/kube:1") {
				t.Errorf("of an artifact: exit %d, %s%s", r.Code, r.Stdout, r.Stderr)
			}
			who.MustRun(t, "paddock", "convert", "-q", "-t", image, "kube:1")
			t.Cleanup(func() {
				who.Run(t, "podman", "pod", "rm", "-f", "-t", "0", "served-pod")
				who.Run(t, "podman", "secret", "rm", "-i", "token")
				who.Run(t, "paddock", "rm", "-i", image, "localhost/kube:1")
			})
			play := who.Stdin("apiVersion: v1\nkind: Secret\nmetadata: {name: token}\nstringData: {TOKEN: in-env, token: in-file}\n")
			play.MustRun(t, "podman", "kube", "play", "-")
			yaml := who.MustRun(t, "paddock", "kube", "--name", "served", "--image", llamaImage, "--port", "9000", "-e", "ODD=$(HOME) $HOME 100%",
				"--secret", "token", "--secret", "token,type=env,target=TOKEN", image, "--", "--threads", "1")
			pod := who.Stdin(yaml)
			pod.MustRun(t, "podman", "kube", "play", "--publish", "127.0.0.1:"+port+":8080", "-")
			waitAnswers(t, who, port)
			const container = "served-pod-server"
			assertKubeTree(t, who, container, m)
			assertChat(t, who, port)
			out := who.MustRun(t, "podman", "exec", container, "sh", "-c", `id -u; echo "$TOKEN"; cat /run/secrets/token; echo; grep -c '^Cap[A-Z].*:.0*$' /proc/1/status
				touch /tmp/x && echo tmp; touch /x /models/x 2>/dev/null || echo read-only`)
			if out != "65532\nin-env\nin-file\n5\ntmp\nread-only\n" { // of five sets of capabilities, all are empty
				t.Errorf("the container says %q", out)
			}
			pod.MustRun(t, "podman", "kube", "down", "-")
			who.MustRun(t, "podman", "volume", "rm", "token") // Podman makes one of a Secret, and leaves it
			if left := who.MustRun(t, "podman", "ps", "-aq") + who.MustRun(t, "podman", "volume", "ls", "-q"); left != "" {
				t.Errorf("left: %s", left)
			}
		})
	}
}

// waitAnswers waits for a server.
func waitAnswers(t *testing.T, in place, port string) {
	t.Helper()
	in.MustRun(t, "curl", "-fsS", "--retry", "60", "--retry-all-errors", "--retry-delay", "1", "-o", "/dev/null", "http://127.0.0.1:"+port+"/health")
}

// assertKubeTree is assertTree but for the link that an image has beside the publisher's files, for RamaLama.
func assertKubeTree(t *testing.T, in place, container string, m model) {
	t.Helper()
	if link := in.MustRun(t, "podman", "exec", container, "sh", "-c", "cd /models && find . -type l"); link != "./model.file\n" {
		t.Errorf("links: %q", link)
	}
	assertTree(t, in, container, m)
}
