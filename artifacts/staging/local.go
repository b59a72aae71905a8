package staging

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sys/unix"

	"github.com/paddock-dev/paddock/artifacts"
)

func (f *fetch) candidates(it *item) []Candidate {
	if f.opts.Local == nil {
		return nil
	}
	return append([]Candidate(nil), f.opts.Local(it.blob.Digest, it.blob.Size)...)
}

// adoptTrusted links a file that is right by construction, if it has the right size.
func (f *fetch) adoptTrusted(it *item, c Candidate) bool {
	info, err := os.Lstat(c.Path)
	if err != nil || !info.Mode().IsRegular() || info.Size() != it.blob.Size {
		return false
	}
	if err = os.Link(c.Path, it.place.blob()); err == nil {
		err = errors.Join(syncDir(it.place.dir), it.place.dropRest())
	}
	if err != nil {
		f.log.Info("not linking local file", "path", c.Path, "reason", err)
	}
	return err == nil
}

// adopt verifies a file of another tool and shares or copies its bytes. The error says why it did not.
func (f *fetch) adopt(ctx context.Context, it *item, c Candidate) (bool, error) {
	src, err := os.OpenFile(c.Path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return false, err
	}
	defer src.Close()
	before, err := src.Stat()
	if err != nil {
		return false, err
	}
	if !before.Mode().IsRegular() || before.Size() != it.blob.Size {
		return false, fmt.Errorf("not a regular file of %d bytes", it.blob.Size)
	}
	defer f.waits.begin("verifying " + c.Path)()
	buf, err := f.slots.take(ctx)
	if err != nil {
		return false, err
	}
	defer f.slots.put(buf)
	a := &adoption{item: it, label: f.opts.Label, src: src, before: before, buf: buf, noLink: c.NoLink}
	if err = a.run(ctx); err == nil {
		err = it.place.dropRest() // of a download that was begun before
	} else {
		err = errors.Join(err, removeAll(it.place.file(localSuffix)))
	}
	return err == nil, err
}

// adoption makes a blob of a local file.
type adoption struct {
	item   *item
	label  string
	src    *os.File
	before os.FileInfo // of src, when it was opened
	buf    []byte
	noLink bool
}

// run tries the ways in order of cost: shared extents, a second name, a copy.
func (a *adoption) run(ctx context.Context) error {
	err := a.clone(ctx)
	if err == nil || errors.Is(err, artifacts.ErrVerification) || ctx.Err() != nil {
		return err
	}
	if !a.noLink && a.linkable() {
		err = a.link(ctx)
		if err == nil || errors.Is(err, artifacts.ErrVerification) || ctx.Err() != nil {
			return err
		}
	}
	return a.copy(ctx)
}

// clone shares the file's extents, and verifies the clone: later changes of the source cannot reach it.
func (a *adoption) clone(ctx context.Context) error {
	return a.with(ctx, func(dst *os.File) error {
		if err := unix.IoctlFileClone(int(dst.Fd()), int(a.src.Fd())); err != nil {
			return fmt.Errorf("cloning %s: %w", a.src.Name(), err)
		}
		return a.check(ctx, io.Discard, dst)
	})
}

// copy verifies the bytes while it copies them.
func (a *adoption) copy(ctx context.Context) error {
	return a.with(ctx, func(dst *os.File) error {
		if _, err := a.src.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if err := reserve(dst, a.item.blob.Size); err != nil {
			return err
		}
		return a.check(ctx, dst, a.src)
	})
}

// with publishes the new file that fill has filled.
func (a *adoption) with(ctx context.Context, fill func(*os.File) error) error {
	dst, err := create(a.item.place.file(localSuffix), a.label)
	if err != nil {
		return err
	}
	if err = fill(dst); err == nil {
		err = a.item.publish(ctx, dst)
	}
	return errors.Join(err, dst.Close())
}

// linkable says whether a second name for the file is harmless: it is ours alone to change, everybody may read it, and it
// has the mode and the label that we would give, so that nothing is changed under its other name. A foreign owner, or a
// group that may write, could alter the blob after we looked.
func (a *adoption) linkable() bool {
	var st unix.Stat_t
	if unix.Fstat(int(a.src.Fd()), &st) != nil || int(st.Uid) != os.Geteuid() || st.Mode&0o7777 != 0o644 {
		return false
	}
	if a.label == "" {
		return true
	}
	have := make([]byte, len(a.label)+2)
	n, err := unix.Fgetxattr(int(a.src.Fd()), selinuxAttr, have)
	return errors.Is(err, unix.ENOTSUP) || err == nil && string(have[:n]) == a.label
}

// link verifies the file and gives it a second name. It links the open file, not its path, which may have changed hands.
func (a *adoption) link(ctx context.Context) error {
	temp := a.item.place.file(localSuffix)
	if err := removeAll(temp); err != nil {
		return err
	}
	self := "/proc/self/fd/" + strconv.Itoa(int(a.src.Fd()))
	if err := unix.Linkat(unix.AT_FDCWD, self, unix.AT_FDCWD, temp, unix.AT_SYMLINK_FOLLOW); err != nil {
		return fmt.Errorf("linking %s: %w", a.src.Name(), err)
	}
	dst, err := os.OpenFile(temp, os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	if err = a.check(ctx, io.Discard, dst); err == nil {
		err = a.item.publish(ctx, dst)
	}
	return errors.Join(err, dst.Close())
}

// check reads a file to its end, into w too, and compares its digest and length. A source that changes meanwhile is wrong.
func (a *adoption) check(ctx context.Context, w io.Writer, r io.Reader) error {
	h := a.item.algorithm().Hash()
	n, err := hashFrom(ctx, io.MultiWriter(h, w), r, a.buf)
	if err != nil {
		return err
	}
	if n != a.item.blob.Size {
		return fmt.Errorf("%w: %s has %d bytes, not %d", artifacts.ErrVerification, a.src.Name(), n, a.item.blob.Size)
	}
	if after, err := a.src.Stat(); err != nil {
		return err
	} else if after.Size() != a.before.Size() || !after.ModTime().Equal(a.before.ModTime()) {
		return fmt.Errorf("%w: %s changed while it was read", artifacts.ErrVerification, a.src.Name())
	}
	if err := a.item.accept(h, n); err != nil {
		return fmt.Errorf("%s: %w", a.src.Name(), err)
	}
	return nil
}

// short is a digest as people read it.
func short(d digest.Digest) string {
	if d.Validate() != nil {
		return string(d) // the name of a pending file
	}
	return d.Algorithm().String() + ":" + d.Encoded()[:12]
}
