package dirstore

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// place gives the layout in temp the name dir, in one step. It says whether there was an older one, which is then in temp.
// The caller holds the lock.
func place(temp, dir string) (replaced bool, err error) {
	if err := makeFolder(filepath.Dir(dir)); err != nil {
		return false, err
	}
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := os.Rename(temp, dir); err != nil {
			return false, fmt.Errorf("placing the layout: %w", err)
		}
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("placing the layout: %w", err)
	}
	err = unix.Renameat2(unix.AT_FDCWD, temp, unix.AT_FDCWD, dir, unix.RENAME_EXCHANGE)
	switch {
	case errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS):
		return false, fmt.Errorf("replacing %s: its file system cannot exchange two folders in one step: remove the model first", dir)
	case err != nil:
		return false, fmt.Errorf("replacing %s: %w", dir, err)
	}
	return true, nil
}

// makeFolders makes the folders of the store.
func (s *Store) makeFolders() error {
	if err := os.MkdirAll(filepath.Dir(s.root), 0o755); err != nil {
		return fmt.Errorf("making the store: %w", err)
	}
	for _, dir := range []string{s.root, s.models, s.temp} {
		if err := makeFolder(dir); err != nil {
			return err
		}
	}
	return nil
}

// makeFolder makes a folder that everybody can read, whatever the umask is: processes in containers have other uids. One
// that is there keeps its mode.
func makeFolder(dir string) error {
	err := os.Mkdir(dir, 0o755)
	if err == nil {
		err = os.Chmod(dir, 0o755)
	} else if info, stat := os.Stat(dir); stat == nil && info.IsDir() {
		return nil
	}
	if err != nil {
		return fmt.Errorf("making the store: %w", err)
	}
	return nil
}

// writeFile makes a new file that everybody can read, synced.
func writeFile(path, data string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("writing the layout: %w", err)
	}
	_, err = f.WriteString(data)
	if err == nil {
		err = errors.Join(f.Chmod(0o644), f.Sync())
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// moveToTrash moves a file or folder out of the store, a rename; deleting 40 GB can take seconds, and happens without the
// lock. What is not there is fine.
func (s *Store) moveToTrash(path string) error {
	if err := os.MkdirAll(s.trash, 0o700); err != nil {
		return fmt.Errorf("removing %s: %w", path, err)
	}
	err := os.Rename(path, filepath.Join(s.trash, rand.Text()))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing %s: %w", path, err)
	}
	return nil
}

// emptyTrash deletes what was moved aside, by this process or by one that was killed.
func (s *Store) emptyTrash() error {
	entries, err := os.ReadDir(s.trash)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("emptying %s: %w", s.trash, err)
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(s.trash, e.Name())); err != nil {
			return fmt.Errorf("emptying %s: %w", s.trash, err)
		}
	}
	return nil
}
