package smallfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestSettings(t *testing.T) {
	dir := t.TempDir()
	file, pipe, large := filepath.Join(dir, "file"), filepath.Join(dir, "pipe"), filepath.Join(dir, "large")
	if err := errors.Join(os.WriteFile(file, []byte("x"), 0o600), unix.Mkfifo(pipe, 0o600), os.WriteFile(large, nil, 0o600),
		os.Truncate(large, maxSettings+1)); err != nil {
		t.Fatal(err)
	}
	if got, err := Settings(file); err != nil || string(got) != "x" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := Settings(os.DevNull); err != nil || len(got) != 0 {
		t.Errorf("%q, %v", got, err)
	}
	for _, path := range []string{pipe, dir, "/dev/zero", large} { // nobody writes into the pipe: this returns, or never
		if _, err := Settings(path); err == nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := Settings(dir + "/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestRegular(t *testing.T) {
	dir := t.TempDir()
	file, pipe, null := filepath.Join(dir, "file"), filepath.Join(dir, "pipe"), filepath.Join(dir, "null")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), unix.Mkfifo(pipe, 0o600), os.Symlink(os.DevNull, null)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, dir, null, os.DevNull, dir + "/none", file + "/below"} {
		if err := Regular(path); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, path := range []string{pipe, "/dev/zero"} {
		if err := Regular(path); !errors.Is(err, ErrIrregular) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
