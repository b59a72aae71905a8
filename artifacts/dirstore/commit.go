package dirstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// errLost says that a blob that was staged is gone.
var errLost = errors.New("a staged blob is gone")

// commit gives a name a layout, under the lock.
type commit struct {
	store    *Store
	target   layout
	digest   digest.Digest
	manifest []byte
	// derived is the digest of the manifest that was derived from this one; "" if none was.
	derived digest.Digest
	// blobs are all that the layout needs: see needs.
	blobs []atrest.Blob
	// source says where a blob is now, on the same file system.
	source func(digest.Digest) (string, error)
	// partly lets blobs be missing, as in the layout that they come from.
	partly bool
}

// commit takes the lock, runs c, and deletes what it displaced after the lock is free.
func (s *Store) commit(ctx context.Context, wait func(string), c *commit) error {
	lock, err := s.lock.Write(ctx, wait)
	if err != nil {
		return err
	}
	err = c.run()
	lock.Release()
	if err != nil {
		return err
	}
	return s.settle(filepath.Dir(c.target.dir))
}

// settle ends a change of the layouts in some folders outside the lock: the change is made to last, and what it displaced is deleted.
// What cannot be deleted is left for Diagnose: the change itself has succeeded.
func (s *Store) settle(folders ...string) error {
	for _, changed := range append(folders, s.models) {
		if err := atrest.SyncDir(changed); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if err := s.emptyTrash(); err != nil {
		s.logger.Warn("leaving what was removed", "error", err)
	}
	return nil
}

func (c *commit) run() (err error) {
	s := c.store
	if there, err := c.isThere(); there || err != nil {
		return err // another process was first
	}
	repairs := c.repairs()
	temp := filepath.Join(s.temp, rand.Text())
	if err := makeFolder(temp); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(temp))
		}
	}()
	if err := c.build(temp); err != nil {
		return err
	}
	replaced, err := place(temp, c.target.dir)
	if err != nil {
		return err
	}
	if !replaced {
		return nil
	}
	// From here on the name is changed, and nothing may report otherwise.
	if err := s.moveToTrash(temp); err != nil {
		s.logger.Warn("leaving the older layout", "path", temp, "error", err)
	}
	if repairs {
		c.heal()
	}
	return nil
}

// isThere says whether the name has this very layout, whole as far as sizes tell.
func (c *commit) isThere() (bool, error) {
	if r := c.target.read(); r.err != nil || r.digest != c.digest || c.derived != "" && (r.derived == nil || r.unpacked != c.derived) {
		return false, nil //nolint:nilerr // it is written anew
	}
	damage, err := c.target.damage(c.blobs)
	return damage == "", err
}

// repairs says whether the name has this very manifest already.
func (c *commit) repairs() bool {
	d, err := c.target.promised()
	return err == nil && d == c.digest
}

// build makes the whole layout in a folder, for good: the rename that follows must not outlive its files in a power loss.
func (c *commit) build(dir string) error {
	for _, b := range c.blobs {
		if err := c.linkBlob(dir, b); err != nil {
			return fmt.Errorf("placing blob %s: %w", b.Digest, err)
		}
	}
	type file struct{ name, data string }
	files := []file{{versionFile, version(c.blobs)}, {manifestFile, string(c.manifest)}, {recordFile, c.digest.String() + "\n"}}
	if c.derived != "" {
		files = append(files, file{derivedFile, c.derived.String() + "\n"})
	}
	for _, f := range files {
		if err := writeFile(filepath.Join(dir, f.name), f.data); err != nil {
			return err
		}
	}
	return atrest.SyncDir(dir)
}

func (c *commit) linkBlob(dir string, b atrest.Blob) error {
	src, err := c.source(b.Digest)
	if err != nil {
		return err
	}
	state, _, err := atrest.Stat(src, b.Size)
	switch {
	case err != nil:
		return err
	case c.partly && state == atrest.Missing:
		return nil
	case !c.partly && state != atrest.Whole:
		return errLost
	}
	err = os.Link(src, filepath.Join(dir, blobFile(b.Digest)))
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: %w", errLost, err)
	}
	return err
}
