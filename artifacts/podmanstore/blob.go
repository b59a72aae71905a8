package podmanstore

import (
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// blobPath returns where a blob is. Digests come from files that others write: one that is malformed could leave the folder.
func (s *Store) blobPath(d digest.Digest) (string, error) {
	if err := d.Validate(); err != nil {
		return "", fmt.Errorf("locating blob %q: %w", d, err)
	}
	return filepath.Join(s.root, "blobs", d.Algorithm().String(), d.Encoded()), nil
}

// statBlob compares a blob with the size it should have, in bytes.
func (s *Store) statBlob(d digest.Digest, size int64) (atrest.State, fs.FileInfo, error) {
	path, err := s.blobPath(d)
	if err != nil {
		return atrest.Missing, nil, err
	}
	state, info, err := atrest.Stat(path, size)
	if err != nil {
		return atrest.Missing, nil, fmt.Errorf("looking at blob %s: %w", d, err)
	}
	return state, info, nil
}

// readVerified reads a small blob and compares it with its digest. A longer one than limit bytes is an error.
func (s *Store) readVerified(d digest.Digest, limit int64) ([]byte, error) {
	path, err := s.blobPath(d)
	if err != nil {
		return nil, err
	}
	return atrest.ReadVerified(path, d, limit)
}

// readManifest reads a manifest. It is verified, since Podman writes manifests in place: a crash can leave half of one.
func (s *Store) readManifest(d digest.Digest) ([]byte, error) {
	raw, err := s.readVerified(d, atrest.MaxManifest)
	if err != nil {
		return nil, fmt.Errorf("reading manifest %s: %w", d, err)
	}
	return raw, nil
}
