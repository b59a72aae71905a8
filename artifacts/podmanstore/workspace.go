package podmanstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sys/unix"
)

// workspace is the folder that the archives of one model are unpacked in, <staging>/unpack/<hex of the manifest's digest>.
// Who uses it holds a flock(2) on it, which goes with the process. What a killed one left is emptied by the next.
type workspace struct {
	dir  string
	file *os.File
}

func (s *Store) unpackDir() string { return filepath.Join(s.work.staging, "unpack") }

// openWorkspace waits until no other process unpacks the same model. wait hears of it, as artifacts.Progress.Wait does.
func (s *Store) openWorkspace(ctx context.Context, origin digest.Digest, wait func(string)) (*workspace, error) {
	dir := filepath.Join(s.unpackDir(), origin.Encoded())
	told := false
	for {
		w, err := lockWorkspace(dir, true)
		if err == nil && w != nil {
			err = w.empty()
		}
		if err != nil {
			return nil, fmt.Errorf("preparing to unpack: %w", err)
		}
		if w != nil {
			return w, nil
		}
		if wait != nil && !told {
			wait("waiting for another process that unpacks the same model")
			defer wait("")
			told = true
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for another process that unpacks the same model: %w", ctx.Err())
		case <-time.After(25 * time.Millisecond):
		}
	}
}

// lockWorkspace returns nil if another has the folder, or just removes it.
func lockWorkspace(dir string, create bool) (*workspace, error) {
	if create {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	f, err := os.OpenFile(dir, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, f.Close()
	} else if err != nil {
		return nil, errors.Join(&fs.PathError{Op: "flock", Path: dir, Err: err}, f.Close())
	}
	// Who had it before may have removed the folder: a lock on that excludes nobody.
	mine, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	now, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(mine, now) {
		return nil, f.Close()
	} else if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &workspace{dir: dir, file: f}, nil
}

// empty removes what a killed process left.
func (w *workspace) empty() error {
	left, err := os.ReadDir(w.dir)
	for _, e := range left {
		err = errors.Join(err, os.RemoveAll(filepath.Join(w.dir, e.Name())))
	}
	if err != nil {
		return errors.Join(err, w.file.Close())
	}
	return nil
}

// close removes the folder. Closing twice does nothing.
func (w *workspace) close() error {
	if w.file == nil {
		return nil
	}
	err := errors.Join(os.RemoveAll(w.dir), w.file.Close())
	w.file = nil
	if err != nil {
		return fmt.Errorf("removing %s: %w", w.dir, err)
	}
	return nil
}

// leftWorkspaces finds the folders that nobody uses any more.
func (s *Store) leftWorkspaces() ([]storeFile, error) {
	dirs, err := os.ReadDir(s.unpackDir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var left []storeFile
	for _, d := range dirs {
		path := filepath.Join(s.unpackDir(), d.Name())
		w, err := lockWorkspace(path, false)
		if err != nil {
			return nil, err
		} else if w == nil {
			continue
		}
		files, err := dirFiles(path)
		if err := errors.Join(err, w.file.Close()); err != nil {
			return nil, err
		}
		f := storeFile{path: path}
		for _, part := range files {
			f.bytes += part.bytes
		}
		left = append(left, f)
	}
	return left, nil
}

// takeAway moves a file or folder that is a finding to the trash; false if it is a workspace that came to be used.
func (s *Store) takeAway(path string) (bool, error) {
	if filepath.Dir(path) != s.unpackDir() {
		return true, s.moveToTrash(path)
	}
	w, err := lockWorkspace(path, false)
	if err != nil || w == nil {
		return false, err
	}
	return true, errors.Join(s.moveToTrash(path), w.file.Close())
}
