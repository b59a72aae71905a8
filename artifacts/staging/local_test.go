package staging

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sys/unix"
)

func TestLocal(t *testing.T) {
	data := patterned(4, 3<<20)
	wrong := append([]byte(nil), data...)
	wrong[77]++
	for name, c := range map[string]struct {
		content []byte
		mode    os.FileMode
		trusted bool
		owner   int
		linked  bool // the staged file is the candidate itself
		served  bool // the origin was asked
	}{
		"the store's own":             {content: data, mode: 0o644, trusted: true, linked: true},
		"the store's own, cut":        {content: data[:100], mode: 0o644, trusted: true, served: true},
		"another tool's":              {content: data, mode: 0o644, linked: true},
		"another tool's, writable":    {content: data, mode: 0o664},
		"another tool's, private":     {content: data, mode: 0o600},
		"another tool's, wrong":       {content: wrong, mode: 0o644, served: true},
		"another tool's, wrong, 0600": {content: wrong, mode: 0o600, served: true},
		"another tool's, cut":         {content: data[:len(data)-1], mode: 0o644, served: true},
		"another user's":              {content: data, mode: 0o644, owner: 1234},
		"another user's, wrong":       {content: wrong, mode: 0o644, owner: 1234, served: true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			a, path := Open(filepath.Join(dir, "area")), filepath.Join(dir, "candidate")
			rewrite(t, path, c.content)
			if err := os.Chmod(path, c.mode); err != nil {
				t.Fatal(err)
			}
			if c.owner != 0 {
				if os.Geteuid() != 0 {
					t.Skip("needs root")
				}
				if err := os.Chown(path, c.owner, c.owner); err != nil {
					t.Fatal(err)
				}
			}
			w, o := newWatcher(), &origin{data: data}
			local := func(d digest.Digest, size int64) []Candidate {
				if d != o.blob().Digest || size != o.blob().Size {
					t.Errorf("asked for %s, %d", d, size)
				}
				return []Candidate{{Path: filepath.Join(dir, "missing"), Trusted: c.trusted}, {Path: path, Trusted: c.trusted}}
			}
			b := mustFetch(t, a, &Options{Local: local, Progress: w}, o.blob())
			w.check(t, o.blob())
			same := os.SameFile(must(os.Stat(path)), must(os.Stat(b.Path(o.blob().Digest))))
			if n, _ := o.counts(); (n > 0) != c.served || same && !c.linked || c.linked && !same && !canClone(t, path) {
				t.Errorf("%d requests, the same file: %v; want served %v, linked %v", n, same, c.served, c.linked)
			}
			mustClose(t, b)
			if got := must(os.ReadFile(path)); string(got) != string(c.content) {
				t.Error("the candidate was altered")
			}
			if left := files(t, a); len(left) != 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

// canClone says whether this file system shares extents; a clone then comes before a link.
func canClone(t *testing.T, path string) bool {
	t.Helper()
	src, dst := must(os.Open(path)), must(os.Create(path+".clone"))
	defer src.Close()
	defer dst.Close()
	return unix.IoctlFileClone(int(dst.Fd()), int(src.Fd())) == nil
}

// What is no file is not waited for, and does no harm.
func TestLocalOdd(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := unix.Mkfifo(pipe, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, trusted := range []bool{true, false} {
		o := &origin{data: patterned(1, 1000)}
		local := func(digest.Digest, int64) []Candidate {
			return []Candidate{{Path: pipe, Trusted: trusted}, {Path: dir, Trusted: trusted}}
		}
		mustClose(t, mustFetch(t, Open(filepath.Join(dir, "area")), &Options{Local: local}, o.blob()))
		if n, _ := o.counts(); n != 1 {
			t.Errorf("%d requests", n)
		}
	}
}

// A candidate on another file system can be neither cloned nor linked.
func TestLocalElsewhere(t *testing.T) {
	path := filepath.Join(tmpfs(t, 16<<20), "candidate")
	o := &origin{data: patterned(1, 1<<20)}
	rewrite(t, path, o.data)
	for _, trusted := range []bool{true, false} {
		a := Open(t.TempDir())
		local := func(digest.Digest, int64) []Candidate { return []Candidate{{Path: path, Trusted: trusted}} }
		mustClose(t, mustFetch(t, a, &Options{Local: local}, o.blob()))
		if n, _ := o.counts(); n != 0 {
			t.Errorf("%d requests", n)
		}
	}
}

func TestLabel(t *testing.T) {
	const label = "system_u:object_r:container_ro_file_t:s0"
	probe := filepath.Join(t.TempDir(), "probe")
	rewrite(t, probe, nil)
	if err := unix.Setxattr(probe, selinuxAttr, []byte(label), 0); err != nil {
		t.Skipf("cannot set %s: %v", selinuxAttr, err)
	}
	a := Open(t.TempDir())
	o, d := &origin{data: patterned(1, 1000)}, &origin{data: []byte("{}")}
	small := d.blob()
	small.Data, small.Open = d.data, nil
	b := mustFetch(t, a, &Options{Label: label}, o.blob(), small)
	defer mustClose(t, b)
	for _, dg := range []digest.Digest{o.blob().Digest, small.Digest} {
		have := make([]byte, 100)
		n := must(unix.Getxattr(b.Path(dg), selinuxAttr, have))
		if got := strings.TrimRight(string(have[:n]), "\x00"); got != label {
			t.Errorf("label %q", got)
		}
	}
}

// A label that a link would have to change leads to a copy.
func TestLabelOfCandidate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "candidate")
	o := &origin{data: patterned(1, 1000)}
	rewrite(t, path, o.data)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setxattr(path, selinuxAttr, []byte("a:b:c:s0"), 0); err != nil {
		t.Skipf("cannot set %s: %v", selinuxAttr, err)
	}
	local := func(digest.Digest, int64) []Candidate { return []Candidate{{Path: path}} }
	b := mustFetch(t, Open(filepath.Join(dir, "area")), &Options{Local: local, Label: "x:y:z:s0"}, o.blob())
	defer mustClose(t, b)
	if os.SameFile(must(os.Stat(path)), must(os.Stat(b.Path(o.blob().Digest)))) {
		t.Error("linked")
	}
	if n, _ := o.counts(); n != 0 {
		t.Errorf("%d requests", n)
	}
}
