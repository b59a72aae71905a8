package ocipath

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
)

// tree is a folder, or an archive as if it were one.
type tree struct {
	path string
	// entries are the files of an archive; nil for a folder.
	entries map[string]span
}

// span is where a file lies in an archive, in bytes.
type span struct{ offset, size int64 }

// openTree looks at a folder or, if archive is set, at a tar archive, of which it reads the headers only.
func openTree(path string, archive bool) (*tree, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", path, artifacts.ErrNotFound)
	} else if err != nil {
		return nil, fmt.Errorf("looking at %s: %w", path, err)
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("looking at %s: %w", path, err)
	}
	switch {
	case !archive && !info.IsDir():
		return nil, fmt.Errorf("%s is not a folder", path)
	case !archive:
		return &tree{path: full}, nil
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a file", path)
	}
	t := &tree{path: full, entries: map[string]span{}}
	return t, t.index()
}

// index finds the files in an archive. The tar reader skips over content by seeking.
func (t *tree) index() (err error) {
	f, err := os.Open(t.path)
	if err != nil {
		return fmt.Errorf("reading an archive: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading archive %s, which must be a plain tar, not compressed: %w", t.path, err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		offset, err := f.Seek(0, io.SeekCurrent)
		if err != nil {
			return fmt.Errorf("reading archive %s: %w", t.path, err)
		}
		t.entries[path.Clean(h.Name)] = span{offset, h.Size}
		if len(t.entries) > maxEntries {
			return fmt.Errorf("reading archive %s: more than %d files", t.path, maxEntries)
		}
	}
}

// maxEntries bounds what is remembered of an archive.
const maxEntries = 100_000

// stat returns the size of a file in bytes. The error wraps artifacts.ErrNotFound if there is none.
func (t *tree) stat(name string) (int64, error) {
	if t.entries != nil {
		if s, ok := t.entries[name]; ok {
			return s.size, nil
		}
		return 0, fmt.Errorf("%s in %s: %w", name, t.path, artifacts.ErrNotFound)
	}
	info, err := os.Stat(filepath.Join(t.path, name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, fmt.Errorf("%s in %s: %w", name, t.path, artifacts.ErrNotFound)
	case err != nil:
		return 0, fmt.Errorf("looking into %s: %w", t.path, err)
	case !info.Mode().IsRegular():
		return 0, fmt.Errorf("%s in %s is not a file", name, t.path)
	}
	return info.Size(), nil
}

// read returns a small file whole.
func (t *tree) read(name string, limit int64) (_ []byte, err error) {
	size, err := t.stat(name)
	if err != nil {
		return nil, err
	}
	if size > limit {
		return nil, fmt.Errorf("%s in %s has %d bytes: at most %d are read", name, t.path, size, limit)
	}
	r, err := t.open(name, 0, size)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("reading %s in %s: %w", name, t.path, err)
	}
	return data, nil
}

// open reads a part of a file; a length of -1 is all that is left.
func (t *tree) open(name string, offset, length int64) (io.ReadCloser, error) {
	size, err := t.stat(name)
	if err != nil {
		return nil, err
	}
	if length < 0 {
		length = size - offset
	}
	at := filepath.Join(t.path, name)
	if t.entries != nil {
		at, offset = t.path, offset+t.entries[name].offset
	}
	f, err := os.Open(at)
	if err != nil {
		return nil, fmt.Errorf("reading a blob: %w", err)
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(f, offset, length), f}, nil
}

// opener is an artifacts.Opener of a blob that lies under a name.
func (t *tree) opener(name string) artifacts.Opener {
	return func(_ context.Context, offset, length int64) (io.ReadCloser, error) {
		return t.open(name, offset, length)
	}
}

// layoutBlob is where an OCI layout has a blob.
func layoutBlob(d digest.Digest) string {
	return "blobs/" + d.Algorithm().String() + "/" + d.Encoded()
}
