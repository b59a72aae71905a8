package staging

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// The two bytes of a lock file that are locked. Who wants the blob, or has it, locks use for reading, from before it asks
// for the blob until it needs it no more. Who fetches it locks fetch for writing besides. Who removes the blob, or the lock
// file, locks both for writing: that works only when nobody has it, fetches it or waits for it.
const (
	fetchByte = 0
	useByte   = 1
)

// hold is an open lock file with some of its bytes locked. Locks are F_OFD_SETLK locks (fcntl(2), "Open file description
// locks"): they exclude each other within one process too, and a refused one leaves those that are held as they were,
// which flock(2) does not promise.
type hold struct{ file *os.File }

// tryUse takes the lock on use. It returns nil if someone is just removing the blob.
func tryUse(path string) (*hold, error) { return tryHold(path, unix.F_RDLCK, useByte, 1) }

// tryAlone locks out everybody. It returns nil if anybody is there.
func tryAlone(path string) (*hold, error) { return tryHold(path, unix.F_WRLCK, fetchByte, 2) }

func tryHold(path string, kind int16, from, n int64) (*hold, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, fmt.Errorf("opening lock %s: %w", path, err)
		}
		taken, err := setLock(f, kind, from, n)
		if err != nil || !taken {
			return nil, errors.Join(err, f.Close())
		}
		// The one who held it before may have removed the file: a lock on a removed file excludes nobody.
		same, err := isAt(f, path)
		if err == nil && same {
			return &hold{file: f}, nil
		}
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("checking lock %s: %w", path, err)
		}
	}
}

func setLock(f *os.File, kind int16, from, n int64) (bool, error) {
	lock := unix.Flock_t{Type: kind, Whence: io.SeekStart, Start: from, Len: n}
	err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &lock)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("locking %s: %w", f.Name(), err)
	}
	return true, nil
}

// tryFetch takes the lock on fetch too, if nobody else fetches the blob.
func (h *hold) tryFetch() (bool, error) { return setLock(h.file, unix.F_WRLCK, fetchByte, 1) }

// endFetch gives the lock on fetch back.
func (h *hold) endFetch() error {
	_, err := setLock(h.file, unix.F_UNLCK, fetchByte, 1)
	return err
}

func isAt(f *os.File, path string) (bool, error) {
	mine, err := f.Stat()
	if err != nil {
		return false, err
	}
	there, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(mine, there), err
}

// sign leaves our process id in the lock file, for those who wait. It is a courtesy: nothing depends on it.
func (h *hold) sign() error {
	text := strconv.Itoa(os.Getpid()) + "\n"
	if _, err := h.file.WriteAt([]byte(text), 0); err != nil {
		return fmt.Errorf("signing %s: %w", h.file.Name(), err)
	}
	return h.file.Truncate(int64(len(text)))
}

// signer returns the process id of the last one who fetched the blob, as it left it in the lock file; "" if there is none.
func signer(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return ""
	}
	return strconv.Itoa(pid)
}

// release lets all locks go.
func (h *hold) release() error { return h.file.Close() }

// held says whether anyone holds a lock on the file at path, without taking one.
func held(path string) (bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("opening lock %s: %w", path, err)
	}
	defer f.Close()
	lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart, Start: fetchByte, Len: 2}
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &lock); err != nil {
		return false, fmt.Errorf("asking for lock %s: %w", path, err)
	}
	return lock.Type != unix.F_UNLCK, nil
}
