package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// The files of containers/image's dir: layouts (directory/directory_transport.go) that are not blobs.
const (
	dirVersion      = "version"
	dirManifest     = "manifest.json"
	dirSignature    = "signature-"
	dirVersionStart = "Directory Transport Version: "

	arrivingStart = ".paddock-" // of the folder in which a layout arrives
)

// dirDest is a folder that is to become a dir: layout. containers/image would empty it first: whoever copies a folder to itself,
// or is interrupted, would lose what was there. So the layout arrives in a folder within, and takes the place of what was there
// when it is whole.
type dirDest struct {
	path     string
	arriving string
	made     bool // it was not there before
	lock     *os.File
}

// openDir makes the folder if it is not there, and takes it for this process. What is there must be a dir: layout, or nothing.
func openDir(path string) (_ *dirDest, err error) {
	_, missing := os.Lstat(path)
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, err
	}
	d := &dirDest{path: path, made: missing != nil}
	if d.lock, err = os.Open(path); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.lock.Close())
		}
	}()
	if err := unix.Flock(int(d.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, fmt.Errorf("another copy to %s is running: %w", path, err)
	}
	names, err := d.names()
	if err != nil {
		return nil, err
	}
	if len(names) > 0 && !d.isLayout() {
		return nil, fmt.Errorf("%s is neither empty nor a dir: layout, and is not overwritten", path)
	}
	d.arriving, err = os.MkdirTemp(path, arrivingStart)
	return d, err
}

// names lists what is there, and removes what a killed process left.
func (d *dirDest) names() ([]string, error) {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), arrivingStart) {
			names = append(names, e.Name())
		} else if err := os.RemoveAll(filepath.Join(d.path, e.Name())); err != nil {
			return nil, err
		}
	}
	return names, nil
}

func (d *dirDest) isLayout() bool {
	version, err := atrest.ReadBounded(filepath.Join(d.path, dirVersion), 1<<10)
	return err == nil && strings.HasPrefix(string(version), dirVersionStart)
}

// commit has what arrived take the place of what was there. At any moment the manifest that is there has its blobs.
func (d *dirDest) commit() error {
	entries, err := os.ReadDir(d.arriving)
	if err != nil {
		return err
	}
	var now []string
	for _, e := range entries {
		now = append(now, e.Name())
	}
	before, err := os.ReadDir(d.path)
	if err != nil {
		return err
	}
	stale := slices.DeleteFunc(before, func(e fs.DirEntry) bool { return e.IsDir() || slices.Contains(now, e.Name()) })
	// signatures would be of another manifest; blobs are needed until the manifest is gone
	slices.SortStableFunc(now, func(a, b string) int { return rankOf(a) - rankOf(b) })
	if err := d.remove(stale, true); err != nil {
		return err
	}
	for _, name := range now {
		if err := os.Rename(filepath.Join(d.arriving, name), filepath.Join(d.path, name)); err != nil {
			return err
		}
	}
	if err := d.remove(stale, false); err != nil {
		return err
	}
	return atrest.SyncDir(d.path)
}

// rankOf orders files by when they may be seen: blobs, then the manifest, then what says that it is a layout.
func rankOf(name string) int { return slices.Index([]string{dirManifest, dirVersion}, name) }

// remove removes the signatures among some files, or the others.
func (d *dirDest) remove(entries []fs.DirEntry, signatures bool) error {
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), dirSignature) != signatures {
			continue
		}
		if err := os.Remove(filepath.Join(d.path, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// close removes what has not taken its place, and a folder that was made for it.
func (d *dirDest) close() error {
	err := os.RemoveAll(d.arriving)
	if d.made {
		_ = os.Remove(d.path) // which fails if there is a layout now
	}
	return errors.Join(err, d.lock.Close())
}
