package podmanstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sys/unix"

	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// errLost says that a blob that was staged is gone.
var errLost = errors.New("a staged blob is gone")

// piece is a blob, or the manifest, on its way from the staging area into the store. Its paths are made once, outside the
// lock: checking a digest costs as much as a system call.
type piece struct {
	digest   digest.Digest
	size     int64 // bytes
	src, dst string
}

func (s *Store) piece(d digest.Digest, size int64, staged func(digest.Digest) string) (piece, error) {
	dst, err := s.blobPath(d)
	return piece{digest: d, size: size, src: staged(d), dst: dst}, err
}

// state is statBlob for the place in the store.
func (p *piece) state() (atrest.State, error) {
	var st unix.Stat_t
	switch err := unix.Lstat(p.dst, &st); {
	case errors.Is(err, fs.ErrNotExist):
		return atrest.Missing, nil
	case err != nil:
		return atrest.Missing, fmt.Errorf("looking at blob %s: %w", p.digest, err)
	case st.Mode&unix.S_IFMT != unix.S_IFREG || st.Size != p.size:
		return atrest.WrongSize, nil
	}
	return atrest.Whole, nil
}

// link gives the staged file its name in the store.
func (p *piece) link() error {
	info, err := os.Stat(p.src)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() != p.size {
		return fmt.Errorf("placing blob %s: %w", p.digest, errLost)
	} else if err != nil {
		return fmt.Errorf("placing blob %s: %w", p.digest, err)
	}
	err = linkFile(p.src, p.dst)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("placing blob %s: %w: %w", p.digest, errLost, err)
	} else if err != nil {
		return fmt.Errorf("placing blob %s: %w", p.digest, err)
	}
	return nil
}

// isOurs says whether the file in the store is still the staged one.
func (p *piece) isOurs() bool {
	staged, err := os.Stat(p.src)
	if err != nil {
		return false
	}
	there, err := os.Stat(p.dst)
	return err == nil && os.SameFile(staged, there)
}

// place gives the staged blobs and the manifest their names in the store, for good: the index that follows must not
// outlive them in a power loss. What was placed early is looked at again: a podman artifact rm may have taken it away.
func (c *commit) place() error {
	for i := range c.blobs {
		state, err := c.blobs[i].state()
		if err != nil {
			return err
		}
		if state == atrest.Whole {
			continue
		}
		if err := c.put(&c.blobs[i], state); err != nil {
			return err
		}
	}
	if err := c.placeManifest(); err != nil {
		return err
	}
	return c.syncTouched()
}

// placeManifest replaces a manifest that nobody verified, though it has the right size: see readManifest.
func (c *commit) placeManifest() error {
	info, err := os.Stat(c.manifest.dst)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return c.put(&c.manifest, atrest.Missing)
	case err != nil:
		return fmt.Errorf("looking at manifest %s: %w", c.manifest.digest, err)
	case c.sound != nil && atrest.Unchanged(info, c.sound):
		return nil
	}
	return c.put(&c.manifest, atrest.WrongSize)
}

// put places one piece, and remembers a new file for undo.
func (c *commit) put(p *piece, state atrest.State) error {
	if err := c.folder(p); err != nil {
		return err
	}
	if state == atrest.Missing {
		c.placed = append(c.placed, p.dst)
	}
	return p.link()
}

// folder makes the folder of a piece, once.
func (c *commit) folder(p *piece) error {
	dir := filepath.Dir(p.dst)
	if c.touched[dir] {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("placing blob %s: %w", p.digest, err)
	}
	c.touched[dir] = true
	return nil
}

func (c *commit) syncTouched() error {
	for dir := range c.touched {
		if err := atrest.SyncDir(dir); err != nil {
			return err
		}
	}
	clear(c.touched)
	return nil
}
