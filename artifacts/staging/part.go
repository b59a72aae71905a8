package staging

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"golang.org/x/sys/unix"
)

// openPart opens the part of a blob and says what of it is on disk. A part without a journal that fits it is replaced by
// an empty one of the blob's size.
func openPart(it *item, label string, log *slog.Logger) (*os.File, ranges, error) {
	f, have, err := resumePart(it)
	if err == nil {
		log.Info("resuming", "digest", it.blob.Digest, "have", have.total(), "size", it.blob.Size)
		return f, have, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		log.Warn("starting over", "digest", it.blob.Digest, "reason", err)
	}
	f, err = newPart(it, label)
	return f, nil, err
}

// resumePart opens a part that its journal vouches for.
func resumePart(it *item) (*os.File, ranges, error) {
	j, err := readJournal(it.place.file(journalSuffix))
	if err != nil {
		return nil, nil, err
	}
	if j.Digest != it.key || j.Size != it.blob.Size {
		return nil, nil, fmt.Errorf("journal is of %s, %d bytes", j.Digest, j.Size)
	}
	f, err := os.OpenFile(it.place.file(partSuffix), os.O_RDWR|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, nil, err
	}
	inode, size, err := identify(f)
	if err == nil && (inode != j.Inode || size != j.Size) {
		err = fmt.Errorf("journal is of another file than %s", f.Name())
	}
	if err == nil {
		err = reserve(f, size)
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, j.Ranges, nil
}

func identify(f *os.File) (inode uint64, size int64, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return 0, 0, fmt.Errorf("examining %s: %w", f.Name(), err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return 0, 0, fmt.Errorf("%s is not a regular file", f.Name())
	}
	return st.Ino, st.Size, nil
}

// newPart makes an empty part, with all the room that the blob needs.
func newPart(it *item, label string) (*os.File, error) {
	if err := it.place.dropRest(); err != nil {
		return nil, fmt.Errorf("clearing %s: %w", it.place.file(partSuffix), err)
	}
	f, err := create(it.place.file(partSuffix), label)
	if err != nil {
		return nil, fmt.Errorf("creating part: %w", err)
	}
	if err := reserve(f, it.blob.Size); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return f, nil
}

// reserve gives f its final size, and the room on disk where the file system can promise that: a full disk is then found
// before anything is downloaded.
func reserve(f *os.File, size int64) error {
	if size == 0 {
		return nil
	}
	err := fallocate(f, size)
	if errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.ENOSYS) {
		err = f.Truncate(size)
	}
	if err != nil {
		return fmt.Errorf("reserving %d bytes for %s: %w", size, f.Name(), err)
	}
	return nil
}

func fallocate(f *os.File, size int64) error {
	for {
		err := unix.Fallocate(int(f.Fd()), 0, 0, size)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
