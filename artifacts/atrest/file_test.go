package atrest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/opencontainers/go-digest"
)

func TestFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "blob")
	d := digest.FromString("bytes")
	if state, info, err := Stat(path, 5); state != Missing || info != nil || err != nil {
		t.Errorf("missing: %v, %v, %v", state, info, err)
	}
	if _, err := ReadVerified(path, d, 5); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	if err := os.WriteFile(path, []byte("bytes"), 0o600); err != nil {
		t.Fatal(err)
	}
	if state, _, err := Stat(path, 4); state != WrongSize || err != nil {
		t.Errorf("of another size: %v, %v", state, err)
	}
	if state, _, err := Stat(filepath.Dir(path), 4); state != WrongSize || err != nil {
		t.Errorf("a folder: %v, %v", state, err)
	}
	if _, _, err := Stat(filepath.Join(path, "x"), 4); err == nil {
		t.Error("below a file: no error")
	}
	if data, err := ReadVerified(path, d, 5); string(data) != "bytes" || err != nil {
		t.Errorf("whole: %q, %v", data, err)
	}
	if _, err := ReadVerified(path, d, 4); err == nil || errors.Is(err, ErrCorrupt) {
		t.Errorf("too long: %v", err)
	}
	if _, err := ReadVerified(path, digest.FromString("other"), 5); !errors.Is(err, ErrCorrupt) {
		t.Errorf("other bytes: %v", err)
	}
	if same, err := Verify(t.Context(), path, d); !same || err != nil {
		t.Errorf("whole: %v, %v", same, err)
	}
	if same, err := Verify(t.Context(), path, digest.FromString("other")); same || err != nil {
		t.Errorf("other bytes: %v, %v", same, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Verify(ctx, path, d); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestRealPath(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		link: dir, filepath.Join(link, "a", "..", "b", "c"): filepath.Join(dir, "b", "c"), filepath.Join(dir, "x"): filepath.Join(dir, "x"),
	} {
		if got, err := RealPath(path); got != want || err != nil {
			t.Errorf("%s: got %s, %v, want %s", path, got, err, want)
		}
	}
}
