package cli

import (
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
)

// TestImageName: what no engine takes for an image is refused before anything is asked or pulled.
func TestImageName(t *testing.T) {
	w := newWorld(t)
	w.publish(t, tiny)
	commands := [][]string{{"serve"}, {"serve", "--dry-run"}, {"quadlet", "install"}, {"quadlet", "generate"}, {"kube"}, {"compose"}}
	for _, bad := range []string{"UPPER case", "a//b", "quay.io/x:", "quay.io/X@sha256:12", "-x", ""} {
		for _, args := range commands {
			code, out, err := w.run(t, append(args, "--image="+bad, tiny)...)
			if code != exitUsage || out != "" || !strings.Contains(err.Error(), "--image") || !strings.Contains(err.Error(), bad) {
				t.Errorf("%q --image %q: exit %d, %q, %v", args, bad, code, out, err)
			}
		}
	}
	if len(w.resolved) != 0 || len(w.ran) != 0 {
		t.Errorf("asked for %q, ran %q", w.resolved, w.ran)
	}
	id := digest.FromString("x")
	w.must(t, "pull", tiny)
	for _, good := range []string{"ubuntu", "localhost/x:1", "quay.io:443/a/b@" + id.String(), "docker://quay.io/x", id.Encoded(), id.Encoded()[:12], id.String()} {
		w.must(t, "serve", "--dry-run", "--image", good, tiny)
	}
	w.onHost(t, map[string]string{"etc/containers/paddock.conf": "[images]\ncpu='UPPER case'\n"})
	if code, _, err := w.run(t, "serve", "--dry-run", tiny); code == 0 || !strings.Contains(err.Error(), `images.cpu: "UPPER case"`) {
		t.Errorf("by the settings: exit %d, %v", code, err)
	}
}
