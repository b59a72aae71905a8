package dockerstore

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// maxHead is how much of a file can be read through OpenFile, in bytes: what comes before it is kept in memory. The header of
// a model has some MiB.
const maxHead = 64 << 20

// OpenFile opens a file of an image, or its config: see artifacts.Reader. It is for headers: what lies beyond the first 64 MiB
// cannot be read. Docker shows files of containers only, so that one is made, never started, until the file is closed.
func (s *Store) OpenFile(ctx context.Context, m *artifacts.Model, f *artifacts.File) (artifacts.ReadAtCloser, int64, error) {
	l, err := s.byDigest(ctx, m.Digest)
	if err == nil && l == nil {
		err = artifacts.ErrNotFound
	}
	if err != nil {
		return nil, 0, fmt.Errorf("opening %s of %s: %w", f.Path, atrest.Label(m.Name), err)
	}
	if f.Digest == digest.FromBytes(l.Config) {
		return &head{r: bytes.NewReader(l.Config), size: int64(len(l.Config)), end: func() error { return nil }}, int64(len(l.Config)), nil
	}
	i := slices.IndexFunc(l.Files, func(have packaging.File) bool { return have.Path == f.Path })
	if i < 0 {
		return nil, 0, fmt.Errorf("opening %s of %s: %w", f.Path, atrest.Label(m.Name), artifacts.ErrNotFound)
	}
	h, err := s.openHead(ctx, &l.record, &l.Files[i])
	if err != nil {
		return nil, 0, fmt.Errorf("opening %s of %s: %w", f.Path, atrest.Label(m.Name), err)
	}
	return h, h.size, nil
}

func (s *Store) openHead(ctx context.Context, r *record, f *packaging.File) (*head, error) {
	files, end, err := s.export(ctx, r, path.Join(packaging.ImageRoot, f.Path))
	if err != nil {
		return nil, err
	}
	h, err := files.Next()
	switch {
	case err != nil:
		return nil, errors.Join(end(), fmt.Errorf("reading what Docker has of it: %w", err))
	case h.Typeflag != tar.TypeReg || h.Size != f.Size:
		return nil, errors.Join(fmt.Errorf("%w: Docker has another file there", artifacts.ErrVerification), end())
	}
	return &head{r: files, size: h.Size, end: end}, nil
}

// export reads a path of an image, links followed, as a tar. end must be called; its error is what Docker said, if the tar was
// not read to its end only what went wrong in cleaning up.
func (s *Store) export(ctx context.Context, r *record, at string) (files *tar.Reader, end func() error, err error) {
	var out strings.Builder
	// The command need not exist: the container is never started.
	if err := s.run(ctx, nil, &out, "container", "create", "--network", "none", r.ID, "/paddock"); err != nil {
		return nil, nil, fmt.Errorf("making a container to read the image by: %w", err)
	}
	id := strings.TrimSpace(out.String())
	copying, stop := context.WithCancel(ctx)
	from, to := io.Pipe()
	copied := make(chan error, 1)
	go func() {
		err := s.run(copying, nil, to, "container", "cp", "--follow-link", id+":"+at, "-")
		to.CloseWithError(err)
		copied <- err
	}()
	return tar.NewReader(from), func() error {
		stop()
		from.Close()
		<-copied // its error came out of the tar
		if err := s.run(context.WithoutCancel(ctx), nil, io.Discard, "container", "rm", "--force", id); err != nil {
			return fmt.Errorf("removing the container that the image was read by: %w", err)
		}
		return nil
	}, nil
}

// head is random access to the first bytes of a stream.
type head struct {
	mu   sync.Mutex
	r    io.Reader
	size int64
	read []byte
	end  func() error
}

// ReadAt implements io.ReaderAt.
func (h *head) ReadAt(p []byte, off int64) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	want := min(off+int64(len(p)), h.size)
	if want > maxHead {
		return 0, fmt.Errorf("reading at %d: %w: only the first %d bytes of a file in Docker can be read", off, errors.ErrUnsupported, maxHead)
	}
	if more := want - int64(len(h.read)); more > 0 {
		had := len(h.read)
		h.read = append(h.read, make([]byte, more)...)
		n, err := io.ReadFull(h.r, h.read[had:])
		if h.read = h.read[:had+n]; err != nil {
			return 0, fmt.Errorf("reading what Docker has: %w", err)
		}
	}
	if off >= want {
		return 0, io.EOF
	}
	n := copy(p, h.read[off:want])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Close implements io.Closer.
func (h *head) Close() error { return h.end() }
