package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ociArriving is how containers/image calls a blob that arrives in an oci: layout (oci/layout/oci_dest.go). It has the file open until
// the blob is whole, then makes it readable for all, and gives it its name.
const (
	ociArriving    = "oci-put-blob*"
	ociArrivingAge = time.Minute // between the last two it takes microseconds
)

// removeArriving removes what killed copies left in the oci: layout that is the destination. What cannot be removed is in nobody's way.
func (o *copyOptions) removeArriving(env *Env) {
	now := o.now
	if now == nil {
		now = time.Now
	}
	dir, _, _ := strings.Cut(strings.TrimPrefix(o.dest, "oci:"), ":")
	if err := removeArriving(dir, now()); err != nil {
		env.Log().Warn("leaving what a killed copy left", "error", err)
	}
}

// removeArriving removes what killed processes left in an oci: layout: blobs that no process has open, and that have not changed for a
// while. now is the time.
func removeArriving(dir string, now time.Time) error {
	names, err := fs.Glob(os.DirFS(dir), ociArriving)
	if err != nil {
		return err
	}
	var failed []error
	for _, name := range names {
		if err := removeAbandoned(filepath.Join(dir, name), now.Add(-ociArrivingAge)); err != nil {
			failed = append(failed, fmt.Errorf("removing %s, which a copy left there: %w", name, err))
		}
	}
	return errors.Join(failed...)
}

// removeAbandoned removes a file that nobody has open and that has not changed since. The kernel gives a write lease only on such a file
// (fcntl(2)); where it gives none, as on network file systems and on files of others, the file stays.
func removeAbandoned(path string, since time.Time) (err error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil // it is gone, or another's
	}
	defer func() { err = errors.Join(err, f.Close()) }() // which gives the lease back
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG || time.Unix(st.Ctim.Unix()).After(since) {
		return err
	}
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_WRLCK); err != nil {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
