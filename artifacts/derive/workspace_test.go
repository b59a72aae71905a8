package derive

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/opencontainers/go-digest"
)

func open(t *testing.T, parent string, of digest.Digest) *Workspace {
	t.Helper()
	w, err := OpenWorkspace(t.Context(), parent, of, nil)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestWorkspace: what a killed process left is emptied, and what is in use is nobody else's.
func TestWorkspace(t *testing.T) {
	parent, a, b := filepath.Join(t.TempDir(), "work"), digest.FromString("a"), digest.FromString("b")
	if unused, err := Unused(parent); err != nil || len(unused) > 0 {
		t.Errorf("of no folder: %v, %v", unused, err)
	}
	old := filepath.Join(parent, a.Encoded())
	if err := os.MkdirAll(filepath.Join(old, "half", "done"), 0o700); err != nil {
		t.Fatal(err)
	}
	if unused, err := Unused(parent); err != nil || len(unused) != 1 || unused[0] != old {
		t.Errorf("left by a killed process: %v, %v", unused, err)
	}
	w, other := open(t, parent, a), open(t, parent, b)
	if entries, err := os.ReadDir(w.Dir); w.Dir != old || err != nil || len(entries) > 0 {
		t.Errorf("%s has %v, %v", w.Dir, entries, err)
	}
	if unused, err := Unused(parent); err != nil || len(unused) > 0 {
		t.Errorf("in use: %v, %v", unused, err)
	}
	called := func() error { t.Error("called while in use"); return nil }
	if free, err := WhileUnused(w.Dir, called); err != nil || free {
		t.Errorf("in use: %t, %v", free, err)
	}
	if err := errors.Join(w.Close(), w.Close(), other.Close()); err != nil {
		t.Error(err)
	}
	if free, err := WhileUnused(w.Dir, called); err != nil || free {
		t.Errorf("gone: %t, %v", free, err)
	}
}

// TestWorkspaceWaits: the second waits, says so once, and gets a folder that is not the first's.
func TestWorkspaceWaits(t *testing.T) {
	parent, a := t.TempDir(), digest.FromString("a")
	first := open(t, parent, a)
	var heard []string
	wait := func(why string) {
		if heard = append(heard, why); why != "" {
			if err := first.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	second, err := OpenWorkspace(t.Context(), parent, a, wait)
	if err != nil || len(heard) != 2 || heard[1] != "" {
		t.Fatalf("heard %q, %v", heard, err)
	}
	if _, err := os.Stat(second.Dir); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := OpenWorkspace(ctx, parent, a, func(string) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
}

// TestWhileUnused: nobody can open a workspace that is being taken away.
func TestWhileUnused(t *testing.T) {
	parent, broken := t.TempDir(), errors.New("broken")
	dir := filepath.Join(parent, digest.FromString("a").Encoded())
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	free, err := WhileUnused(dir, func() error {
		if unused, err := Unused(parent); err != nil || len(unused) > 0 {
			t.Errorf("unused meanwhile: %v, %v", unused, err)
		}
		return broken
	})
	if !free || !errors.Is(err, broken) {
		t.Errorf("got %t, %v", free, err)
	}
	link := filepath.Join(parent, "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if _, err := Unused(parent); err == nil {
		t.Error("a link is taken for a workspace")
	}
}
