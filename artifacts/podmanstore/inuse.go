package podmanstore

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// fileID identifies a file whatever path it is seen under: in a container a blob has another.
type fileID struct {
	major, minor uint32
	inode        uint64
}

type fileSet map[fileID]bool

func idOf(st *unix.Statx_t) fileID { return fileID{st.Dev_major, st.Dev_minor, st.Ino} }

// openFiles returns the files that processes have open. Those of processes that may not be looked into (of other users,
// unless we are root) are missing; the grace period is for them.
func openFiles() (fileSet, error) {
	procs, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("looking for open files: %w", err)
	}
	open := fileSet{}
	for _, p := range procs {
		if _, err := strconv.Atoi(p.Name()); err == nil {
			open.addProcess(filepath.Join("/proc", p.Name(), "fd"))
		}
	}
	return open, nil
}

func (open fileSet) addProcess(dir string) {
	fds, err := os.ReadDir(dir)
	if err != nil {
		return // it ended, or is not ours to look into
	}
	for _, fd := range fds {
		var st unix.Statx_t
		// AT_STATX_DONT_SYNC: what the kernel knows is enough, and a dead network file system must not block us.
		err := unix.Statx(unix.AT_FDCWD, filepath.Join(dir, fd.Name()), unix.AT_STATX_DONT_SYNC, unix.STATX_TYPE|unix.STATX_INO, &st)
		if err == nil && st.Mode&unix.S_IFMT == unix.S_IFREG {
			open[idOf(&st)] = true
		}
	}
}
