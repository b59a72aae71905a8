package podmanstore

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// workDirs are the folders beside the store: staging for bytes that arrive, trash for blobs that were taken out of the
// store under the lock and are deleted after it (deleting 40 GB can take seconds).
type workDirs struct{ staging, trash string }

// chooseWorkDirs puts them at <GraphRoot>/paddock, outside the folder that Podman owns. Blobs move by hard link and
// rename, which work within one mount only: when artifacts is a mount point or a link to another file system, they are
// <artifacts>/.paddock-staging and <artifacts>/.paddock-trash. Podman never lists that folder.
func chooseWorkDirs(graphRoot, store string) (workDirs, error) {
	beside := workDirs{filepath.Join(graphRoot, "paddock", "staging"), filepath.Join(graphRoot, "paddock", "trash")}
	outer, err := mountOf(graphRoot)
	if errors.Is(err, fs.ErrNotExist) {
		return beside, nil
	} else if err != nil {
		return workDirs{}, err
	}
	inner, err := mountOf(store)
	if errors.Is(err, fs.ErrNotExist) {
		return beside, nil
	} else if err != nil {
		return workDirs{}, err
	}
	if outer == inner {
		return beside, nil
	}
	return workDirs{filepath.Join(store, ".paddock-staging"), filepath.Join(store, ".paddock-trash")}, nil
}

// mount identifies what a hard link cannot leave: a device, and a mount of it (0 before Linux 5.8).
type mount struct {
	major, minor uint32
	id           uint64
}

func mountOf(path string) (mount, error) {
	var st unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_BASIC_STATS|unix.STATX_MNT_ID, &st); err != nil {
		return mount{}, fmt.Errorf("reading the device of %s: %w", path, err)
	}
	m := mount{major: st.Dev_major, minor: st.Dev_minor}
	if st.Mask&unix.STATX_MNT_ID != 0 {
		m.id = st.Mnt_id
	}
	return m, nil
}

// label returns the SELinux label that the store's blobs carry, for files that are made elsewhere and linked in; "" where
// there is none to read.
func (s *Store) label() string { return atrest.SELinuxLabel(filepath.Join(s.root, "blobs", "sha256")) }
