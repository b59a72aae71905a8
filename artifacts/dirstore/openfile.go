package dirstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// OpenFile opens the blob of a file: see artifacts.Reader. The error wraps artifacts.ErrNotFound if the model has no such
// blob any more. An open file outlives a removal of its model.
func (s *Store) OpenFile(ctx context.Context, m *artifacts.Model, f *artifacts.File) (artifacts.ReadAtCloser, int64, error) {
	file, size, err := s.open(ctx, m, f)
	if err != nil {
		return nil, 0, fmt.Errorf("opening %s of %s: %w", f.Path, atrest.Label(m.Name), err)
	}
	return file, size, nil
}

func (s *Store) open(ctx context.Context, m *artifacts.Model, f *artifacts.File) (*os.File, int64, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	l, err := s.layoutNamed(m.Name)
	if err != nil {
		return nil, 0, err
	}
	path, err := l.blob(f.Digest)
	if err != nil {
		return nil, 0, err
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, fmt.Errorf("blob %s: %w", f.Digest, artifacts.ErrNotFound)
	} else if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}
	return file, info.Size(), nil
}
