//go:build e2e

package e2e

import (
	"strings"
	"testing"

	fake "github.com/paddock-dev/paddock/tests/fakes/ollama"
)

// TestShortNames: the user's names overrule the system's, those in the current folder count nothing, and what a name stands for
// is said.
func TestShortNames(t *testing.T) {
	reg, certs := startOllama(t, 0)
	reg.Publish("library/tiny:1m", ollamaConfig, fake.Layer{Kind: "model", Data: single(t).files["model.gguf"]})
	root, user := asRoot(t), place{Lab{}.User("ai"), "ai"}
	root.Stdin("[aliases]\n\"tiny\" = \"ollama://127.0.0.1:1/wrong\"\n\"Other\" = \"TINY\"\n").MustRun(t, "sh", "-c", "cat >/etc/containers/models.conf")
	t.Cleanup(func() { root.Run(t, "rm", "-f", "/etc/containers/models.conf") })
	user.Stdin("[aliases]\n\"tiny\" = \"ollama://"+reg.Host()+"/library/tiny:1m\"\n").MustRun(t, "sh", "-c", "mkdir -p ~/.config/containers; cat >~/.config/containers/models.conf")
	t.Cleanup(func() { user.Run(t, "sh", "-c", "rm -f ~/.config/containers/models.conf") })
	r := user.Run(t, "sh", "-c", "mkdir -p ~/here && cd ~/here && printf '[aliases]\\ntiny=\"ollama://127.0.0.1:1/evil\"\\n' >models.conf && paddock pull -q --cert-dir "+certs+" OTHER")
	if r.Code != 0 || !strings.Contains(r.Stderr, "stands for ollama://"+reg.Host()) {
		t.Fatalf("exit %d\n%s", r.Code, r.Stderr)
	}
	served(t, user, "18234", "tiny")
	if out := user.MustRun(t, "paddock", "info", "--format", "{{.Config.ShortNames}}"); !strings.Contains(out, "/etc/containers/models.conf") || !strings.Contains(out, "/.config/containers/models.conf") {
		t.Errorf("info: %s", out)
	}
	user.MustRun(t, "paddock", "rm", "other")
	root.Stdin("[aliases]\na = \"b\"\nb = \"a\"\n").MustRun(t, "sh", "-c", "cat >/etc/containers/models.conf")
	if r := root.Run(t, "paddock", "pull", "a"); r.Code != 2 || !strings.Contains(r.Stderr, "circle") {
		t.Errorf("exit %d\n%s", r.Code, r.Stderr)
	}
}
