package podmanstore

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"
)

// maxManifest is the longest manifest that is read, in bytes: the limit of containers/image
// (internal/iolimits.MaxManifestBodySize).
const maxManifest = 4 << 20

// blobPath returns where a blob is. Digests come from files that others write: one that is malformed could leave the folder.
func (s *Store) blobPath(d digest.Digest) (string, error) {
	if err := d.Validate(); err != nil {
		return "", fmt.Errorf("locating blob %q: %w", d, err)
	}
	return filepath.Join(s.root, "blobs", d.Algorithm().String(), d.Encoded()), nil
}

// blobState is what a look at a blob's name, without reading the blob, tells.
type blobState int

const (
	blobMissing blobState = iota
	blobWrongSize
	blobWhole
)

// statBlob compares a blob with the size it should have, in bytes.
func (s *Store) statBlob(d digest.Digest, size int64) (blobState, fs.FileInfo, error) {
	path, err := s.blobPath(d)
	if err != nil {
		return blobMissing, nil, err
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return blobMissing, nil, nil
	case err != nil:
		return blobMissing, nil, fmt.Errorf("looking at blob %s: %w", d, err)
	case !info.Mode().IsRegular() || info.Size() != size:
		return blobWrongSize, info, nil
	}
	return blobWhole, info, nil
}

// errCorrupt says that a blob's bytes are not those of its digest.
var errCorrupt = errors.New("the bytes are not those of the digest")

// readVerified reads a small blob and compares it with its digest. A longer one than limit bytes is an error.
func (s *Store) readVerified(d digest.Digest, limit int64) ([]byte, error) {
	path, err := s.blobPath(d)
	if err != nil {
		return nil, err
	}
	data, err := readBounded(path, limit)
	if err != nil {
		return nil, err
	}
	if d.Algorithm().FromBytes(data) != d {
		return nil, errCorrupt
	}
	return data, nil
}

// readManifest reads a manifest. It is verified, since Podman writes manifests in place: a crash can leave half of one.
func (s *Store) readManifest(d digest.Digest) ([]byte, error) {
	raw, err := s.readVerified(d, maxManifest)
	if err != nil {
		return nil, fmt.Errorf("reading manifest %s: %w", d, err)
	}
	return raw, nil
}

func readBounded(path string, limit int64) (_ []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s has %d bytes, more than the %d that are read", path, info.Size(), limit)
	}
	data := make([]byte, info.Size())
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return data, nil
}
