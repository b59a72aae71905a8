// Package smallfile reads files whole that should be small, and waits for nobody.
package smallfile

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// ErrIrregular says that a path is of a pipe, a device or a folder.
var ErrIrregular = errors.New("it is not a regular file")

// Read reads a file whole, as os.ReadFile does. A pipe, whose writer may never come, a device, or a file of more than limit bytes is
// an error that names it.
func Read(path string, limit int64) (data []byte, err error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("reading %s: %w", path, ErrIrregular)
	}
	if data, err = io.ReadAll(io.LimitReader(f, limit+1)); err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("reading %s: it has more than %d bytes", path, limit)
	}
	return data, nil
}

// Regular fails as Read does, for what is read by others: if path is of a pipe, a device or a socket. The null device is an empty file.
// What is not there, or cannot be looked at, is left to those who read it, and so is a folder.
func Regular(path string) error {
	info, err := os.Stat(path)
	if err != nil || info.Mode().IsRegular() || info.IsDir() {
		return nil
	}
	if null, err := os.Stat(os.DevNull); err == nil && os.SameFile(info, null) {
		return nil
	}
	return fmt.Errorf("reading %s: %w", path, ErrIrregular)
}

// maxSettings bounds a file of settings, in bytes.
const maxSettings = 16 << 20

// Settings reads a file that people write settings into. The null device is an empty one.
func Settings(path string) ([]byte, error) {
	if path == os.DevNull {
		return nil, nil
	}
	return Read(path, maxSettings)
}
