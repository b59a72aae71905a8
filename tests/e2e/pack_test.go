//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// digestIn is what paddock printed after a name.
func digestIn(t testing.TB, out string) string {
	t.Helper()
	_, digest, ok := strings.Cut(strings.TrimSpace(out), " ")
	if !ok || !strings.HasPrefix(digest, "sha256:") {
		t.Fatalf("no digest in %q", out)
	}
	return digest
}

// sumsBelow are the sha256 of the files in a folder of the lab, by name; what else is there is in them, too.
func sumsBelow(t testing.TB, in Lab, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for line := range strings.Lines(in.MustRun(t, "sh", "-c", "cd "+dir+" && find . -type f -exec sha256sum {} +")) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		found[strings.TrimPrefix(name, "./")] = sum
	}
	return found
}

// temp is a new folder of the lab.
func (p place) temp(t testing.TB) string {
	t.Helper()
	dir := strings.TrimSpace(p.MustRun(t, "mktemp", "-d", "/var/tmp/publish.XXXXXX"))
	t.Cleanup(func() { p.Run(t, "rm", "-rf", dir) })
	return dir
}

// TestPublished: pack, push, another store's pull, push elsewhere keep one digest, and what oras, podman and skopeo make of it are
// the same files under readable names.
func TestPublished(t *testing.T) {
	reg, other := startRegistry(t, nil), startRegistry(t, nil)
	people := everyone(t)
	for _, who := range people {
		who.configure(t, "registries.conf.d/lab.conf", insecure(reg, other))
	}
	m := split(t)
	root, ai := people[0], people[1]
	dir := m.unpack(t, root.Lab)
	root.MustRun(t, "sh", "-c", "mkdir "+dir+"/.git && touch "+dir+"/.git/x "+dir+"/.hidden")
	name := reg.Addr + "/team/packed:1"
	want := digestIn(t, root.MustRun(t, "paddock", "pack", "-t", name, "--license", "MIT", dir))
	assertStoreWhole(t, root)
	if got := digestIn(t, root.MustRun(t, "paddock", "push", name)); got != want {
		t.Errorf("pushed %s, packed %s", got, want)
	}
	if got := digestIn(t, ai.MustRun(t, "paddock", "pull", "-q", name)); got != want {
		t.Errorf("pulled %s, want %s", got, want)
	}
	elsewhere := other.Addr + "/x/y:2"
	if got := digestIn(t, ai.MustRun(t, "paddock", "push", name, elsewhere)); got != want {
		t.Errorf("pushed elsewhere %s, want %s", got, want)
	}

	titles := map[string]string{} // what others than paddock call the files
	for path, sum := range m.sums(t) {
		titles[strings.ReplaceAll(path, "/", "_")] = sum
	}
	same := func(what, dir string) {
		t.Helper()
		got := sumsBelow(t, root.Lab, dir)
		for name, sum := range titles {
			if got[name] != sum {
				t.Errorf("%s: %s is %q, want %s; it has %v", what, name, got[name], sum, got)
			}
		}
	}
	orasDir := root.temp(t)
	other.oras(t, orasDir, "pull", "--plain-http", elsewhere)
	same("oras", orasDir)

	root.MustRun(t, "paddock", "rm", name)
	root.MustRun(t, "podman", "artifact", "pull", "-q", elsewhere)
	podmanDir := root.temp(t)
	root.MustRun(t, "podman", "artifact", "extract", elsewhere, podmanDir)
	same("podman", podmanDir)
	if got := root.MustRun(t, "podman", "artifact", "inspect", "--format", "{{.Digest}}", elsewhere); !strings.Contains(got, want) {
		t.Errorf("podman has %s, want %s", got, want)
	}

	skopeoDir := root.temp(t)
	root.MustRun(t, "skopeo", "copy", "-q", "docker://"+elsewhere, "oci:"+skopeoDir+":1")
	for path, sum := range m.sums(t) {
		if r := root.Run(t, "test", "-f", skopeoDir+"/blobs/sha256/"+sum); r.Code != 0 {
			t.Errorf("skopeo: no blob of %s", path)
		}
	}
	root.MustRun(t, "podman", "artifact", "rm", elsewhere)
	ai.MustRun(t, "paddock", "rm", name)
}

// TestPackKeeps: what is written into a file later does not reach the model that it was packed into; and what cannot be packed is
// refused by name.
func TestPackKeeps(t *testing.T) {
	for _, who := range everyone(t) {
		t.Run(who.name, func(t *testing.T) {
			dir := who.temp(t)
			who.MustRun(t, "sh", "-c", fmt.Sprintf("umask 022; head -c 20000000 /dev/urandom >%s/model.bin", dir))
			who.MustRun(t, "paddock", "pack", "-t", "shared", dir)
			who.MustRun(t, "sh", "-c", "printf changed | dd conv=notrunc status=none of="+dir+"/model.bin")
			assertStoreVerified(t, who)
			who.MustRun(t, "paddock", "rm", "localhost/shared")
			who.MustRun(t, "mkfifo", dir+"/pipe")
			if r := who.Run(t, "paddock", "pack", "-t", "shared", dir); r.Code != 1 || !strings.Contains(r.Stderr, "/pipe: cannot be packed: it is a named pipe") {
				t.Errorf("exit %d, %s", r.Code, r.Stderr)
			}
		})
	}
}
