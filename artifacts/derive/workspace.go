package derive

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

// Workspace is the folder that the archives of one model are unpacked in, PARENT/<hex of the manifest's digest>. Who uses it
// holds a flock(2) on it, which goes with the process. What a killed one left is emptied by the next.
type Workspace struct {
	// Dir is the folder, absolute.
	Dir  string
	file *os.File
}

// OpenWorkspace waits until no other process unpacks the same model. wait hears of it, as artifacts.Progress.Wait does; nil:
// nobody listens.
func OpenWorkspace(ctx context.Context, parent string, origin digest.Digest, wait func(string)) (*Workspace, error) {
	dir := filepath.Join(parent, origin.Encoded())
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

// Unused returns the workspaces below parent that nobody uses any more.
func Unused(parent string) ([]string, error) {
	dirs, err := os.ReadDir(parent)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var left []string
	for _, d := range dirs {
		path := filepath.Join(parent, d.Name())
		w, err := lockWorkspace(path, false)
		if err != nil {
			return nil, err
		} else if w == nil {
			continue
		}
		if err := w.file.Close(); err != nil {
			return nil, err
		}
		left = append(left, path)
	}
	return left, nil
}

// WhileUnused calls f, which may take the workspace at dir away, while nobody else can use it. It says false, and does not
// call f, if it is in use or gone.
func WhileUnused(dir string, f func() error) (bool, error) {
	w, err := lockWorkspace(dir, false)
	if err != nil || w == nil {
		return false, err
	}
	return true, errors.Join(f(), w.file.Close())
}

// lockWorkspace returns nil if another has the folder, or just removes it.
func lockWorkspace(dir string, create bool) (*Workspace, error) {
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
	return &Workspace{Dir: dir, file: f}, nil
}

// empty removes what a killed process left.
func (w *Workspace) empty() error {
	left, err := os.ReadDir(w.Dir)
	for _, e := range left {
		err = errors.Join(err, os.RemoveAll(filepath.Join(w.Dir, e.Name())))
	}
	if err != nil {
		return errors.Join(err, w.file.Close())
	}
	return nil
}

// Close removes the folder. Closing twice does nothing.
func (w *Workspace) Close() error {
	if w.file == nil {
		return nil
	}
	err := errors.Join(os.RemoveAll(w.Dir), w.file.Close())
	w.file = nil
	if err != nil {
		return fmt.Errorf("removing %s: %w", w.Dir, err)
	}
	return nil
}
