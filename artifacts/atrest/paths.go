package atrest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// RealPath resolves links, also above a folder that does not exist yet, since a Lock is kept per path string: /home and
// /var/home must be one store. The path must be absolute.
func RealPath(path string) (string, error) {
	path = filepath.Clean(path)
	real, err := filepath.EvalSymlinks(path)
	if parent := filepath.Dir(path); errors.Is(err, fs.ErrNotExist) && parent != path {
		if parent, err = RealPath(parent); err != nil {
			return "", err
		}
		return filepath.Join(parent, filepath.Base(path)), nil
	}
	return real, err
}

// SELinuxLabel returns the label of a folder, for files that are made elsewhere and linked in; "" where there is none to
// read.
func SELinuxLabel(dir string) string {
	buf := make([]byte, 256)
	n, err := unix.Getxattr(dir, "security.selinux", buf)
	if err != nil {
		return ""
	}
	for n > 0 && buf[n-1] == 0 {
		n--
	}
	return string(buf[:n])
}

// SyncDir makes the names in a folder last.
func SyncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("syncing %s: %w", dir, err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("syncing %s: %w", dir, err)
	}
	return nil
}

// OrDefault reads a time span of which 0 means def, and a negative one none.
func OrDefault(d, def time.Duration) time.Duration {
	switch {
	case d == 0:
		return def
	case d < 0:
		return 0
	}
	return d
}
