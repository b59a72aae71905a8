package atrest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts/smallfile"
)

// MaxManifest is the longest manifest that is read, in bytes: the limit of containers/image
// (internal/iolimits.MaxManifestBodySize).
const MaxManifest = 4 << 20

// ErrCorrupt says that a blob's bytes are not those of its digest.
var ErrCorrupt = errors.New("the bytes are not those of the digest")

// State is what a look at a blob's file, without reading it, tells.
type State int

// The states of a blob's file.
const (
	Missing State = iota
	WrongSize
	Whole // as far as the size tells
)

// Stat compares the file at path with the size in bytes that it should have. The info is nil if it is Missing.
func Stat(path string, size int64) (State, fs.FileInfo, error) {
	info, err := os.Lstat(path) // a link leads out of the store, to what nobody verified
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Missing, nil, nil
	case err != nil:
		return Missing, nil, err
	case !info.Mode().IsRegular() || info.Size() != size:
		return WrongSize, info, nil
	}
	return Whole, info, nil
}

// ReadBounded reads a whole small file of a store: see smallfile.Read. What is no regular file is ErrCorrupt, too.
func ReadBounded(path string, limit int64) ([]byte, error) {
	data, err := smallfile.Read(path, limit)
	if errors.Is(err, smallfile.ErrIrregular) {
		return nil, fmt.Errorf("%w: %w", err, ErrCorrupt)
	}
	return data, err
}

// ReadVerified is ReadBounded for a blob that is compared with its digest. The error wraps ErrCorrupt if it has other
// bytes. The digest must be valid.
func ReadVerified(path string, d digest.Digest, limit int64) ([]byte, error) {
	data, err := ReadBounded(path, limit)
	if err != nil {
		return nil, err
	}
	if d.Algorithm().FromBytes(data) != d {
		return nil, ErrCorrupt
	}
	return data, nil
}

// Verify reads the whole file at path, until ctx ends, and says whether it has the digest, which must be valid.
func Verify(ctx context.Context, path string, d digest.Digest) (same bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	v := d.Verifier()
	if _, err := io.CopyBuffer(v, struct{ io.Reader }{&ctxReader{ctx, f}}, make([]byte, 1<<20)); err != nil {
		return false, err
	}
	return v.Verified(), nil
}

// ctxReader ends a long read when its context ends.
type ctxReader struct {
	ctx context.Context //nolint:containedctx // lives for one call
	r   io.Reader
}

func (c *ctxReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// Unchanged says whether two looks saw the same file with the same content, as far as size and time tell.
func Unchanged(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
