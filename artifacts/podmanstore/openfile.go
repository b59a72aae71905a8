package podmanstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/paddock-dev/paddock/artifacts"
)

// OpenFile opens the blob of a file: see artifacts.Reader. The error wraps artifacts.ErrNotFound if the blob is not in
// the store. An open file outlives a removal of its model.
func (s *Store) OpenFile(ctx context.Context, m *artifacts.Model, f *artifacts.File) (artifacts.ReadAtCloser, int64, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	path, err := s.blobPath(f.Digest)
	if err != nil {
		return nil, 0, fmt.Errorf("opening %s of %s: %w", f.Path, orUnnamed(m.Name), err)
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, fmt.Errorf("opening %s of %s: blob %s: %w", f.Path, orUnnamed(m.Name), f.Digest, artifacts.ErrNotFound)
	} else if err != nil {
		return nil, 0, fmt.Errorf("opening %s of %s: %w", f.Path, orUnnamed(m.Name), err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, 0, fmt.Errorf("opening %s of %s: %w", f.Path, orUnnamed(m.Name), errors.Join(err, file.Close()))
	}
	return file, info.Size(), nil
}

// Locate returns where the bytes of a file are, or would be: see artifacts.Locator.
func (s *Store) Locate(m *artifacts.Model, f *artifacts.File) (string, error) {
	path, err := s.blobPath(f.Digest)
	if err != nil {
		return "", fmt.Errorf("locating %s of %s: %w", f.Path, orUnnamed(m.Name), err)
	}
	return path, nil
}
