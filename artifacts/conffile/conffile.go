// Package conffile reads files that people write settings into.
package conffile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// maxFile bounds a file of settings, in bytes.
const maxFile = 16 << 20

// Read reads a file whole, as os.ReadFile does, but waits for nobody: a pipe, whose writer may never come, a device, or a file
// of more than 16 MiB is an error that names it. The null device is an empty file.
func Read(path string) (data []byte, err error) {
	if path == os.DevNull {
		return nil, nil
	}
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
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if data, err = io.ReadAll(io.LimitReader(f, maxFile+1)); err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("it has more than %d bytes", maxFile)}
	}
	return data, nil
}
