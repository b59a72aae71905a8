package quadlet

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// writable fails if no file can be made in a folder, or in the one that it would be made in. Nothing is written: a full disk must
// not keep a unit from being removed.
func writable(dir string) error {
	err := unix.Faccessat(unix.AT_FDCWD, dir, unix.W_OK|unix.X_OK, unix.AT_EACCESS)
	if parent := filepath.Dir(dir); errors.Is(err, fs.ErrNotExist) && parent != dir {
		return writable(parent)
	}
	if err != nil {
		return fmt.Errorf("the folder %s cannot be written: %w", dir, err)
	}
	return nil
}

// removable fails if a file cannot be removed. What counts is its folder, but for a file that is immutable (chattr(1)), which
// answers EPERM; one without permission to write answers EACCES, and can be removed.
func removable(path string) error {
	if err := writable(filepath.Dir(path)); err != nil {
		return err
	}
	if err := unix.Faccessat(unix.AT_FDCWD, path, unix.W_OK, unix.AT_EACCESS); errors.Is(err, unix.EPERM) {
		return fmt.Errorf("the file %s cannot be changed: %w", path, err)
	}
	return nil
}
