package quadlet

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"go.podman.io/storage/pkg/ioutils"
)

// wants is the folder of what comes with the sockets when the machine starts, beside the units (systemctl(1), enable).
const wants = "sockets.target.wants"

// enabling are the edits that make new sockets listen when the machine starts, as systemctl enable does it, and that undo it for those
// that go. One that is there already is left as somebody may have wanted it.
func enabling(edits []edit) []edit {
	var links []edit
	for _, e := range edits {
		if filepath.Ext(e.path) != ".socket" {
			continue
		}
		link := edit{path: filepath.Join(filepath.Dir(e.path), wants, filepath.Base(e.path)), link: true}
		target, err := os.Readlink(link.path)
		if err == nil {
			link.before = []byte(target)
		}
		switch {
		case e.after == nil && err == nil:
			links = append(links, link)
		case e.before == nil && e.after != nil && errors.Is(err, fs.ErrNotExist):
			link.after = []byte(filepath.Join("..", filepath.Base(e.path)))
			links = append(links, link)
		}
	}
	return links
}

// apply makes the edits, as many as it can.
func apply(edits []edit) error {
	var errs []error
	for _, e := range edits {
		errs = append(errs, e.put(e.after))
	}
	return errors.Join(errs...)
}

// undo puts back what was there before.
func undo(edits []edit) error {
	var errs []error
	for _, e := range slices.Backward(edits) {
		if e.untouched() {
			continue // a full disk would be in the way of writing it again
		}
		if err := e.put(e.before); err != nil {
			errs = append(errs, fmt.Errorf("putting back %s: %w", e.path, err))
		}
	}
	return errors.Join(errs...)
}

// untouched says whether the file is still what it was before.
func (e *edit) untouched() bool {
	if e.before == nil || e.link {
		return false
	}
	now, err := os.ReadFile(e.path)
	return err == nil && bytes.Equal(now, e.before)
}

// put makes the file what it is to be.
func (e *edit) put(data []byte) error {
	if data == nil || e.link {
		if err := os.Remove(e.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing %s: %w", e.path, err)
		}
	}
	if data == nil {
		if e.link {
			_ = os.Remove(filepath.Dir(e.path)) // which works if nothing else is in it
		}
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(e.path), 0o755); err != nil {
		return fmt.Errorf("making the folder of %s: %w", e.path, err)
	}
	write := func() error { return ioutils.AtomicWriteFile(e.path, data, 0o644) }
	if e.link {
		write = func() error { return os.Symlink(string(data), e.path) }
	}
	if err := write(); err != nil {
		return fmt.Errorf("writing %s: %w", e.path, err)
	}
	return nil
}
