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
	testOtherPath(t, who, work)
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

// testOtherPath: a file of the same name and size elsewhere is not taken for the one in the store, and one that was replaced is not either.
func testOtherPath(t *testing.T, who place, work string) {
	t.Helper()
	who.MustRun(t, "sh", "-ec", "cd "+work+"; mkdir two; cp m.gguf two/m.gguf; printf x | dd of=two/m.gguf bs=1 seek=$(($(stat -c %s m.gguf) - 1)) conv=notrunc status=none")
	for _, args := range [][]string{{"pull", "-q"}, {"serve", "--dry-run"}, {"inspect"}, {"rm"}} {
		r := who.Run(t, append(append([]string{"paddock"}, args...), work+"/two/m.gguf")...)
		if r.Code != 1 || !strings.Contains(r.Stderr, "from "+work+"/m.gguf, not from "+work+"/two/m.gguf") {
			t.Errorf("%q: exit %d\n%s", args, r.Code, r.Stderr)
		}
	}
	who.MustRun(t, "sh", "-ec", "cd "+work+"; mv m.gguf first; mv two/m.gguf m.gguf; rmdir two")
	if r := who.Run(t, "paddock", "inspect", work+"/m.gguf"); r.Code != 1 || !strings.Contains(r.Stderr, "has changed since it was pulled") {
		t.Errorf("exit %d\n%s", r.Code, r.Stderr)
	}
	who.MustRun(t, "sh", "-ec", "cd "+work+"; mv first m.gguf; paddock inspect "+work+"/m.gguf")
}
