//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"strings"
	"testing"
)

// brand is a registry that is nowhere but in registries.conf.
const brand = "models.example"

// mirrored is a registry, and a mirror that keeps the same repositories below cache/.
type mirrored struct{ origin, mirror registry }

// startMirrored starts both, empty.
func startMirrored(t *testing.T) mirrored {
	t.Helper()
	root := strings.TrimSpace(Lab{}.MustRun(t, "mktemp", "-d", "/var/tmp/mirror.XXXXXX"))
	t.Cleanup(func() { Lab{}.Run(t, "rm", "-rf", root) })
	return mirrored{startRegistry(t, nil), startRegistry(t, &RegistryOptions{Root: root})}
}

// push publishes a model at the origin, and a copy of it at the mirror. It returns its name below brand, and its digest.
func (m mirrored) push(t *testing.T, repoTag string, files model) (name, digest string) {
	t.Helper()
	digest = pushModelPack(t, m.origin, m.origin.Addr+"/team/"+repoTag, files)
	if copied := pushModelPack(t, m.mirror, m.mirror.Addr+"/cache/"+repoTag, files); copied != digest {
		t.Fatalf("the mirror has %s, not %s", copied, digest)
	}
	return brand + "/" + repoTag, digest
}

// conf is a registries.conf that puts brand at the origin, with further lines for the mirror.
func (m mirrored) conf(lines ...string) string {
	return fmt.Sprintf("[[registry]]\nprefix = %q\nlocation = \"%s/team\"\ninsecure = true\n[[registry.mirror]]\nlocation = \"%s/cache\"\ninsecure = true\n%s\n",
		brand, m.origin.Addr, m.mirror.Addr, strings.Join(lines, "\n"))
}

// spoil runs a command on the file in which the mirror keeps a blob.
func (m mirrored) spoil(t *testing.T, digest string, command ...string) {
	t.Helper()
	sum := strings.TrimPrefix(digest, "sha256:")
	file := m.mirror.options.Root + "/docker/registry/v2/blobs/sha256/" + sum[:2] + "/" + sum + "/data"
	Lab{}.MustRun(t, "test", "-s", file)
	Lab{}.MustRun(t, append(command, file)...)
}

// asked runs a pull that has to succeed under the user's own name, and returns the requests to both; the model is removed.
func (m mirrored) asked(t *testing.T, who place, name string) (origin, mirror []request) {
	t.Helper()
	var r Result
	origin = m.origin.during(t, func() { mirror = m.mirror.during(t, func() { r = who.pull(t, name) }) })
	if r.Code != 0 {
		t.Fatalf("exit %d, %s", r.Code, r.Stderr)
	}
	if !strings.HasPrefix(r.Stdout, name+" ") {
		t.Errorf("kept as %s", r.Stdout)
	}
	if rows := paddockLs(t, who); len(rows) != 1 || rows[name].Digest == "" {
		t.Errorf("the store has %v", rows)
	}
	assertStoreVerified(t, who)
	who.MustRun(t, "paddock", "rm", name)
	return origin, mirror
}

// TestMirror: a mirror is asked first, and for all that it has; what it lacks, or has wrong, comes from the origin.
func TestMirror(t *testing.T) {
	m := startMirrored(t)
	files := split(t)
	name, _ := m.push(t, "parts:1", files)
	pushModelPackAs(t, m.origin, m.origin.Addr+"/team/parts:alone", files, "alone")
	part, text, all := digestOf(t, files, ".gguf"), digestOf(t, files, ".md"), digestsOf(t, files)

	m.each(t, "whole", func(t *testing.T, who place) {
		if origin, mirror := m.asked(t, who, name); len(origin) > 0 || !includes(blobs(mirror), all) {
			t.Errorf("the origin is asked %v, the mirror gives %v", origin, blobs(mirror))
		}
	})
	m.each(t, "without the name", func(t *testing.T, who place) {
		// it lacks the config of that one too, and has the files
		if origin, mirror := m.asked(t, who, brand+"/parts:alone"); len(blobs(origin)) != 1 || !maps.Equal(blobs(mirror), all) {
			t.Errorf("the origin gives %v, the mirror %v", blobs(origin), blobs(mirror))
		}
	})
	m.spoil(t, text, "rm")
	m.each(t, "without a blob", func(t *testing.T, who place) {
		origin, mirror := m.asked(t, who, name)
		rest := maps.Clone(all)
		delete(rest, text)
		if got := blobs(mirror); !maps.Equal(blobs(origin), map[string]bool{text: true}) || got[text] || !includes(got, rest) {
			t.Errorf("the origin gives %v, the mirror %v", blobs(origin), got)
		}
	})
	m.spoil(t, part, "sed", "-i", "s/GGUF/GGUX/")
	m.each(t, "with a wrong blob", func(t *testing.T, who place) {
		if origin, mirror := m.asked(t, who, name); !blobs(origin)[part] || !blobs(mirror)[part] {
			t.Errorf("the origin gives %v, the mirror %v", blobs(origin), blobs(mirror))
		}
	})
	m.mirror.Stop(t)
	m.each(t, "down", func(t *testing.T, who place) {
		var r Result
		origin := m.origin.during(t, func() { r = who.pull(t, name) })
		if r.Code != 0 || !includes(blobs(origin), all) {
			t.Errorf("exit %d, %s, the origin gives %v", r.Code, r.Stderr, blobs(origin))
		}
		who.MustRun(t, "paddock", "rm", name)
	})
}

// each runs a test for everyone, with the mirror configured.
func (m mirrored) each(t *testing.T, what string, test func(*testing.T, place)) {
	t.Helper()
	for _, who := range everyone(t) {
		t.Run(who.name+" "+what, func(t *testing.T) {
			who.configure(t, "registries.conf.d/lab.conf", m.conf())
			test(t, who)
		})
	}
}

// digestsOf are the digests of a model's files.
func digestsOf(t *testing.T, m model) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for _, sum := range m.sums(t) {
		all["sha256:"+sum] = true
	}
	return all
}

// digestOf is the digest of the first file with such a name.
func digestOf(t *testing.T, m model, suffix string) string {
	t.Helper()
	for _, path := range m.paths() {
		if strings.HasSuffix(path, suffix) {
			return "sha256:" + m.sums(t)[path]
		}
	}
	t.Fatalf("no file ends in %s", suffix)
	return ""
}

// includes says whether all of want is in got.
func includes(got, want map[string]bool) bool {
	for k := range want {
		if !got[k] {
			return false
		}
	}
	return true
}
