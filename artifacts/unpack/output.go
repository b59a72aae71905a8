package unpack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sys/unix"
)

const (
	copyBuffer  = 1 << 20
	headLength  = 16
	tempPrefix  = ".unpacking-"
	selinuxAttr = "security.selinux"
)

// Path returns where Model writes a content in its folder.
func Path(dir string, d digest.Digest) string { return filepath.Join(dir, d.Encoded()) }

// output is the folder that contents go to.
type output struct {
	dir, label string // dir is "" if contents are only looked at
	written    map[digest.Digest]int64
	temp       string // what is being written; "" if nothing is
	buf        []byte
}

// add writes one content under its digest, unless it is there already. What r fails with is a readError. After an error the
// file remains, for discard.
func (o *output) add(ctx context.Context, r io.Reader) (m *member, err error) {
	if o.dir == "" {
		return o.fill(ctx, io.Discard, r)
	}
	f, err := os.CreateTemp(o.dir, tempPrefix)
	if err != nil {
		return nil, fmt.Errorf("writing it: %w", err)
	}
	o.temp = f.Name()
	m, err = o.fill(ctx, f, r)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if _, known := o.written[m.digest]; known {
		err = errors.Join(f.Close(), os.Remove(o.temp))
	} else {
		err = o.keep(f, m)
	}
	if err != nil {
		return nil, fmt.Errorf("writing it: %w", err)
	}
	o.temp = ""
	return m, nil
}

// fill copies r, and hashes it on the way.
func (o *output) fill(ctx context.Context, w io.Writer, r io.Reader) (*member, error) {
	if o.buf == nil {
		o.buf = make([]byte, copyBuffer)
	}
	m, hash := &member{}, digest.Canonical.Hash()
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n, err := r.Read(o.buf)
		part := o.buf[:n]
		hash.Write(part)
		m.head = append(m.head, part[:min(n, headLength-len(m.head))]...)
		m.size += int64(n)
		if _, err := w.Write(part); err != nil {
			return nil, fmt.Errorf("writing it: %w", err)
		}
		if errors.Is(err, io.EOF) {
			m.digest = digest.NewDigest(digest.Canonical, hash)
			return m, nil
		} else if err != nil {
			return nil, &readError{err: err}
		}
	}
}

// keep gives the file its name, for good. 0644 is the mode of blobs at rest: containers of other users read them.
func (o *output) keep(f *os.File, m *member) error {
	err := setLabel(f, o.label)
	if err == nil {
		err = errors.Join(f.Chmod(0o644), f.Sync())
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(o.temp, Path(o.dir, m.digest)); err != nil {
		return err
	}
	o.written[m.digest] = m.size
	return nil
}

// finish makes the names last.
func (o *output) finish() error {
	if o.dir == "" {
		return nil
	}
	d, err := os.Open(o.dir)
	if err != nil {
		return fmt.Errorf("syncing %s: %w", o.dir, err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("syncing %s: %w", o.dir, err)
	}
	return nil
}

// discard removes everything that was written.
func (o *output) discard() error {
	paths := []string{}
	if o.temp != "" {
		paths = append(paths, o.temp)
	}
	for d := range o.written {
		paths = append(paths, Path(o.dir, d))
	}
	var errs []error
	for _, path := range paths {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func setLabel(f *os.File, label string) error {
	if label == "" {
		return nil
	}
	err := unix.Fsetxattr(int(f.Fd()), selinuxAttr, []byte(label), 0)
	if err != nil && !errors.Is(err, unix.ENOTSUP) {
		return fmt.Errorf("labelling it %q: %w", label, err)
	}
	return nil
}
