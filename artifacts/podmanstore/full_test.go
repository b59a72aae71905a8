package podmanstore

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// tinyDisk mounts a file system with little room for the length of a test.
func tinyDisk(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("cannot mount a tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// fillBytes leaves no room for a byte, fillFiles none for a file.
func fillBytes(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "bytes"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(f, endless{}); !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func fillFiles(t *testing.T, dir string) {
	t.Helper()
	for i := 0; ; i++ {
		err := os.Mkdir(filepath.Join(dir, fmt.Sprint(i)), 0o700)
		if errors.Is(err, unix.ENOSPC) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// TestRemoveOnFullDisk: removing is how room is made, so it must not need any.
func TestRemoveOnFullDisk(t *testing.T) {
	for _, c := range []struct {
		what, options string
		fill          func(*testing.T, string)
	}{
		{"bytes", "size=2m", fillBytes},
		{"files", "size=2m,nr_inodes=64", fillFiles},
		{"both", "size=2m,nr_inodes=64", func(t *testing.T, dir string) { fillBytes(t, dir); fillFiles(t, dir) }},
	} {
		t.Run(c.what, func(t *testing.T) {
			dir := tinyDisk(t, c.options)
			fill := filepath.Join(dir, "fill")
			if err := os.Mkdir(fill, 0o700); err != nil {
				t.Fatal(err)
			}
			s := openStore(t, dir)
			big := strings.Repeat("weights ", 50000)
			gone := storetest.NewOrigin(t, "quay.io/org/big:1", map[string]string{"a": "shared", "b": big})
			kept := storetest.NewOrigin(t, goodName, map[string]string{"a": "shared", "b": "good"})
			for _, o := range []*storetest.Origin{gone, kept} {
				if _, err := s.Land(t.Context(), o.Plan, nil); err != nil {
					t.Fatal(err)
				}
			}
			c.fill(t, fill)
			if err := s.Remove(t.Context(), "quay.io/org/big:1"); err != nil {
				t.Fatal(err)
			}
			checkGood(t, s)
			diagnose(t, s, nil)
			if names := openPodman(t, s).names(t); len(names) != 1 || names[goodName] != kept.Plan.Digest {
				t.Errorf("podman artifact ls: %v", names)
			}
			var st unix.Statfs_t
			if err := unix.Statfs(dir, &st); err != nil || st.Bfree*uint64(st.Bsize) < uint64(len(big)) {
				t.Errorf("%d blocks free, %v", st.Bfree, err)
			}
			if err := s.Remove(t.Context(), goodName); err != nil {
				t.Fatal(err)
			}
			if left := blobNames(t, s); len(left) > 0 {
				t.Errorf("left %v", left)
			}
			if err := os.RemoveAll(fill); err != nil {
				t.Fatal(err)
			}
			again := storetest.NewOrigin(t, goodName, map[string]string{"b": "good"})
			if _, err := s.Land(t.Context(), again.Plan, nil); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestFullDisk is what each change of the index does when no file can be written: what takes an entry away works, in the
// file as it is, and what adds one fails without a trace.
func TestFullDisk(t *testing.T) {
	for what, c := range map[string]struct {
		act  func(*Store, *artifacts.Model) error
		full error
		ok   bool
	}{
		"remove":       {func(s *Store, m *artifacts.Model) error { return s.Remove(t.Context(), m.Name) }, unix.ENOSPC, true},
		"remove quota": {func(s *Store, m *artifacts.Model) error { return s.Remove(t.Context(), m.Name) }, unix.EDQUOT, true},
		"remove on a broken disk": {
			func(s *Store, m *artifacts.Model) error { return s.Remove(t.Context(), m.Name) }, unix.EIO, false,
		},
		"tag": {func(s *Store, m *artifacts.Model) error {
			return s.Tag(t.Context(), m, storetest.ParseName(t, "quay.io/org/bad:2"))
		}, unix.ENOSPC, false},
		"move": {func(s *Store, _ *artifacts.Model) error {
			_, err := s.Land(t.Context(), storetest.NewOrigin(t, "quay.io/org/bad:1", map[string]string{"a": "new"}).Plan, nil)
			return err
		}, unix.ENOSPC, false},
	} {
		t.Run(what, func(t *testing.T) {
			s, m := sick(t)
			before := readTest(t, s.indexPath())
			files := len(blobNames(t, s))
			inode := inodeOf(t, s.indexPath())
			s.replace = func(path string, _ []byte) error { return fmt.Errorf("writing %s: %w", path, c.full) }
			err := c.act(s, m)
			if c.ok != (err == nil) || err != nil && !errors.Is(err, c.full) {
				t.Fatal(err)
			}
			after := readTest(t, s.indexPath())
			if len(after) != len(before) || inodeOf(t, s.indexPath()) != inode {
				t.Errorf("the index is another file: %s", after)
			}
			if c.ok == (after == before) {
				t.Errorf("the index is %s", after)
			}
			if left := len(blobNames(t, s)); c.ok && left != files-2 || !c.ok && left != files {
				t.Errorf("%d files, before %d", left, files)
			}
			checkGood(t, s)
		})
	}
}

// TestTrashGoesFirst: when what lies in the trash is all the room that is wanted, the index is replaced as ever.
func TestTrashGoesFirst(t *testing.T) {
	s, m := sick(t)
	writeTest(t, filepath.Join(s.work.trash, "x"), "gone")
	inode := inodeOf(t, s.indexPath())
	s.replace = func(path string, data []byte) error {
		if left, err := os.ReadDir(s.work.trash); err != nil || len(left) > 0 {
			return errors.Join(unix.ENOSPC, err)
		}
		return writeFile(path, data)
	}
	if err := s.Remove(t.Context(), m.Name); err != nil {
		t.Fatal(err)
	}
	if inodeOf(t, s.indexPath()) == inode {
		t.Error("the index was written in place")
	}
	checkGood(t, s)
}

func TestBlanked(t *testing.T) {
	for _, c := range []struct{ before, after string }{
		{`{"manifests":[{"a":1}]}`, `{"manifests":[       ]}`},
		{`{"manifests":[{"a":1},{"b":2}]}`, `{"manifests":[        {"b":2}]}`},
		{`{"manifests":[{"b":2},{"a":1}]}`, `{"manifests":[{"b":2}        ]}`},
		{"{\"manifests\":[ {\"a\":1} ,\n {\"b\":2} ]}", "{\"manifests\":[          \n {\"b\":2} ]}"},
		{"{\"manifests\":[{\"b\":2} ,\n {\"a\":1} ]}", "{\"manifests\":[{\"b\":2}            ]}"},
		{`{"manifests":[{"a":1},{"b":2},{"a":1},{"a":1}]}`, `{"manifests":[        {"b":2}                ]}`},
		{`{"manifests":[{"a":1},{"a":1},{"b":2}]}`, `{"manifests":[                {"b":2}]}`},
		{`{"manifests":[{"b":2}],"x":"{\"a\":1}"}`, `{"manifests":[{"b":2}],"x":"{\"a\":1}"}`},
		{`{"x":[{"a":1}],"manifests":[{"a":1},{"b":2}]}`, ""}, // misled by the copy, and knows it
		{`{"manifests":[{"c":3}]}`, ""},                       // has what is new
	} {
		x, err := parseIndex([]byte(c.before))
		if err != nil {
			t.Fatal(err)
		}
		x.drop(func(e *entry) bool { return string(e.raw) == `{"a":1}` })
		if strings.Contains(c.before, `"c"`) {
			x.entries = append(x.entries, entry{raw: []byte(`{"d":4}`)})
		}
		data, err := x.marshal()
		if err != nil {
			t.Fatal(err)
		}
		if got := string(x.blanked(data)); got != c.after {
			t.Errorf("%s\ngives %s\nwant  %s", c.before, got, c.after)
		}
	}
	data, err := newIndex().marshal()
	if err != nil || newIndex().blanked(data) != nil {
		t.Errorf("an index that was not read: %v", err)
	}
}

// TestOverwriteTouchesLittle: the bytes around the difference are not written again.
func TestOverwriteTouchesLittle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	writeTest(t, path, "?ello, w?rld")
	if err := overwrite(path, []byte("hello, world"), []byte("hell     orld")[:12]); err != nil {
		t.Fatal(err)
	}
	if got, want := readTest(t, path), "?ell     orl"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := overwrite(path+"-not", []byte("a"), []byte("b")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func readTest(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func inodeOf(t *testing.T, path string) uint64 {
	t.Helper()
	st, err := statFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return st.Ino
}
