package quadlet

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestSweep: what a kill left of a file goes when units change the next time; nothing else does.
func TestSweep(t *testing.T) {
	i := newSystemd(t).installer()
	past := time.Now().Add(-2 * emptyAge)
	type leaving struct {
		text string
		old  bool
		goes bool
	}
	all := map[string]leaving{}
	for _, dir := range []string{i.Dir, i.Plain} {
		for name, l := range map[string]leaving{
			".tmp-m.container1": {text: ownMark + "\n[Unit]", goes: true}, ".tmp-m.service23": {text: ownMark, goes: true},
			".tmp-.m.before7": {text: ownMark, goes: true}, ".tmp-m.container4": {old: true, goes: true},
			".tmp-m.container5": {}, ".tmp-m.container6": {text: "[Container]\n", old: true}, ".tmp-m.container": {text: ownMark, old: true},
			".tmp-m.conf8": {text: ownMark, old: true}, "m.container": {text: ownMark},
		} {
			all[filepath.Join(dir, name)] = l
		}
	}
	for path, l := range all {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(l.text), 0o600)); err != nil {
			t.Fatal(err)
		}
		if l.old {
			if err := os.Chtimes(path, past, past); err != nil {
				t.Fatal(err)
			}
		}
	}
	l, err := i.Lock(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Unlock()
	for path, l := range all {
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) != l.goes {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestUndoUntouched: what an edit did not come to is not written again, which could fail for want of space.
func TestUndoUntouched(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	if err := errors.Join(os.WriteFile(one, []byte("as it was"), 0o600), os.WriteFile(two, []byte("new"), 0o600)); err != nil {
		t.Fatal(err)
	}
	was, err := os.Stat(one)
	if err != nil {
		t.Fatal(err)
	}
	if err := undo([]edit{{path: one, before: []byte("as it was")}, {path: two, before: []byte("old")}}); err != nil {
		t.Fatal(err)
	}
	if now, err := os.Stat(one); err != nil || !os.SameFile(was, now) {
		t.Errorf("it was written again: %v", err)
	}
	if data, err := os.ReadFile(two); err != nil || string(data) != "old" {
		t.Errorf("%q, %v", data, err)
	}
}
