//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

// TestFile: a file is shared with the store and not copied, stays as it is, and is served.
func TestFile(t *testing.T) {
	who := asRoot(t)
	m := single(t)
	dir := m.unpack(t, who.Lab)
	// beside the store, where a hard link can be
	graphRoot := strings.TrimSpace(who.MustRun(t, "podman", "info", "--format", "{{.Store.GraphRoot}}")) // which makes it
	work := strings.TrimSpace(who.MustRun(t, "mktemp", "-d", graphRoot+"/file-test.XXXXXX"))
	t.Cleanup(func() { who.Run(t, "rm", "-rf", work) })
	who.MustRun(t, "sh", "-c", "cp "+dir+"/model.gguf "+work+"/m.gguf; chmod 644 "+work+"/m.gguf")
	state := func() string {
		return who.MustRun(t, "sh", "-c", "sha256sum "+work+"/m.gguf; stat -c '%i %a %Y %s' "+work+"/m.gguf")
	}
	before := state()
	name, digest := pulled(t, who, work+"/m.gguf")
	if name != "localhost/m.gguf:latest" {
		t.Error(name)
	}
	links := strings.TrimSpace(who.MustRun(t, "stat", "-c", "%h", work+"/m.gguf"))
	shared := who.Run(t, "sh", "-c", "filefrag -v "+work+"/m.gguf | grep -q shared").Code == 0
	if links != "2" && !shared {
		t.Errorf("%s links, shared extents: %v", links, shared)
	}
	if got := state(); got != before {
		t.Errorf("the source changed:\n%s%s", before, got)
	}
	served(t, who, "18232", work+"/m.gguf")
	who.MustRun(t, "paddock", "rm", "file://"+work+"/m.gguf")
	if got := state(); got != before {
		t.Errorf("the source changed:\n%s%s", before, got)
	}
	// an ordinary user, another place, a relative path: the same model
	user := place{Lab{}.User("ai"), "ai"}
	out := user.Stdin(string(m.files["model.gguf"])).MustRun(t, "sh", "-ec", "mkdir -p ~/models; cd ~/models; cat >m.gguf; paddock pull -q ./m.gguf")
	if !strings.HasSuffix(strings.TrimSpace(out), digest) {
		t.Errorf("%s, want %s", out, digest)
	}
	// a word is a name, whatever lies in the folder; the hint says what to type
	if r := user.Run(t, "sh", "-c", "cd ~/models; paddock pull -q m.gguf"); r.Code == 0 || !strings.Contains(r.Stderr, "./m.gguf") {
		t.Errorf("exit %d\n%s", r.Code, r.Stderr)
	}
	user.MustRun(t, "paddock", "rm", "localhost/m.gguf:latest")
	for args, code := range map[string]int{work + "/none.gguf": 3, "/dev/zero": 1, work: 0} {
		if r := who.Run(t, "paddock", "pull", "-q", args); r.Code != code {
			t.Errorf("%s: exit %d\n%s", args, r.Code, r.Stderr)
		}
	}
	for name := range paddockLs(t, who) {
		who.MustRun(t, "paddock", "rm", name)
	}
}
