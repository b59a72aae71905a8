package podmanstore

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// tempPrefix begins the name of every temporary file of ours inside the store. They exist only while the lock is held, so
// one that is found under the lock was left by a crash.
const tempPrefix = ".paddock-tmp-"

// writeFile gives path new content in one step: a reader sees the old bytes or the new ones, after a power loss too.
func writeFile(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), tempPrefix)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing %s: %w", path, errors.Join(err, os.Remove(f.Name())))
		}
	}()
	if err := errors.Join(fill(f, data), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// fill writes and syncs. 0644 is what containers/image gives to files of a layout (oci/layout/oci_dest.go).
func fill(f *os.File, data []byte) error {
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	return f.Sync()
}

// linkFile makes path another name of the file src, in one step, whatever path was before.
func linkFile(src, path string) error {
	err := os.Link(src, path)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	temp := filepath.Join(filepath.Dir(path), tempPrefix+rand.Text())
	if err := os.Link(src, temp); err != nil {
		return err
	}
	err = os.Rename(temp, path)
	// A rename onto another name of the same file does nothing (rename(2)) and leaves temp.
	if rm := os.Remove(temp); rm != nil && !errors.Is(rm, fs.ErrNotExist) {
		err = errors.Join(err, rm)
	}
	return err
}
