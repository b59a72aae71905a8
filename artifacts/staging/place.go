package staging

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sys/unix"
)

// The endings of a blob's files beside the blob itself.
const (
	partSuffix    = ".part"
	journalSuffix = ".journal"
	journalNew    = ".journal.new" // a journal that is being written
	localSuffix   = ".local"       // a local candidate that is being verified
	lockSuffix    = ".lock"
)

// place is where a blob lives in an area; hex begins the names of its files.
type place struct{ dir, hex string }

// place is where a digest lives, or a key of pendingKey.
func (a *Area) place(d digest.Digest) place {
	if d.Algorithm() == pendingKind {
		return place{dir: a.dir, hex: pendingPrefix + d.Encoded()}
	}
	return place{dir: a.dir, hex: d.Encoded()}
}

func (p place) file(suffix string) string { return filepath.Join(p.dir, p.hex+suffix) }

// blob is the path of the whole blob.
func (p place) blob() string { return p.file("") }

// lock is the path of the lock file.
func (p place) lock() string { return p.file(lockSuffix) }

// empty says whether nothing of the blob is there, its lock file aside.
func (p place) empty() (bool, error) {
	for _, suffix := range []string{"", partSuffix, journalSuffix, journalNew, localSuffix} {
		_, err := os.Lstat(p.file(suffix))
		if err == nil {
			return false, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
	}
	return true, nil
}

// dropRest removes what led to the whole blob. The journal goes first, so that none is left without its part.
func (p place) dropRest() error {
	return removeAll(p.file(journalSuffix), p.file(journalNew), p.file(partSuffix), p.file(localSuffix))
}

// drop removes everything of the blob but its lock file.
func (p place) drop() error {
	if err := p.dropRest(); err != nil {
		return err
	}
	return removeAll(p.blob())
}

// tidyLock removes a lock file that nobody uses, if nothing of its blob is there. It looks before it locks: a moment's lock
// could keep another from removing the blob.
func (p place) tidyLock() error {
	empty, err := p.empty()
	if err != nil || !empty {
		return err
	}
	h, err := tryAlone(p.lock())
	if h == nil {
		return err
	}
	return errors.Join(p.dropLock(), h.release())
}

// dropLock removes the lock file if nothing of the blob is there. The caller locks out everybody else.
func (p place) dropLock() error {
	empty, err := p.empty()
	if err != nil || !empty {
		return err
	}
	return removeAll(p.lock())
}

// whole says whether the verified blob is there with the given size. A file of another size is reported as wrong.
func (p place) whole(size int64) (there, wrong bool, err error) {
	info, err := os.Lstat(p.blob())
	if errors.Is(err, fs.ErrNotExist) {
		return false, false, nil
	}
	if err != nil {
		return false, false, err
	}
	ok := info.Mode().IsRegular() && info.Size() == size
	return ok, !ok, nil
}

func removeAll(paths ...string) error {
	for _, path := range paths {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// create makes a new private file at path, in place of an older one.
func create(path, label string) (*os.File, error) {
	if err := removeAll(path); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if err := setLabel(f, label); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	return f, nil
}

func setLabel(f *os.File, label string) error {
	if label == "" {
		return nil
	}
	err := unix.Fsetxattr(int(f.Fd()), selinuxAttr, []byte(label), 0)
	if err != nil && !errors.Is(err, unix.ENOTSUP) {
		return fmt.Errorf("labelling %s %q: %w", f.Name(), label, err)
	}
	return nil
}

const selinuxAttr = "security.selinux"

// publish gives a verified file, which lies at f.Name(), the blob's name, for good: bytes and name are synced.
func (p place) publish(f *os.File) error {
	if err := f.Sync(); err != nil {
		return fmt.Errorf("syncing %s: %w", f.Name(), err)
	}
	if err := f.Chmod(0o644); err != nil {
		return fmt.Errorf("making %s readable: %w", f.Name(), err)
	}
	if err := os.Rename(f.Name(), p.blob()); err != nil {
		return fmt.Errorf("naming %s: %w", p.blob(), err)
	}
	return syncDir(p.dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("syncing %s: %w", dir, err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("syncing %s: %w", dir, err)
	}
	return nil
}
