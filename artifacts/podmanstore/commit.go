package podmanstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"
	imgspecv1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// errLost says that a blob that was staged is gone.
var errLost = errors.New("a staged blob is gone")

// commit is what happens under the lock when a plan lands: blobs by hard link, the manifest, then the index.
type commit struct {
	store  *Store
	name   string
	desc   descriptor
	plan   *artifacts.Plan
	staged func(digest.Digest) string
	// derived is committed with the plan; nil if nothing was derived from it.
	derived *commit

	placed  []string        // files that were not there before
	touched map[string]bool // folders that got a file
}

// commit takes the lock, runs c, and deletes what it displaced after the lock is free.
func (s *Store) commit(ctx context.Context, wait func(string), c *commit) error {
	s.warm()
	lock, err := s.lockWrite(ctx, wait)
	if err != nil {
		return err
	}
	displaced, err := c.run()
	lock.Release()
	if err != nil {
		return err
	}
	return s.settle(displaced)
}

// settle ends a change of the index outside the lock: the change is made to last, and what it moved aside is deleted. What
// cannot be deleted is left for Diagnose: the change itself has succeeded.
func (s *Store) settle(displaced []digest.Digest) error {
	if err := syncDir(s.root); err != nil {
		return err
	}
	if len(displaced) == 0 {
		return nil
	}
	if err := s.emptyTrash(); err != nil {
		s.logger.Warn("leaving removed blobs", "error", err)
	}
	return nil
}

func (c *commit) run() (displaced []digest.Digest, err error) {
	s := c.store
	if err := s.makeLayout(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.undo())
		}
	}()
	if err := c.place(); err != nil {
		return nil, err
	}
	if c.derived != nil {
		if err := c.derived.place(); err != nil {
			return nil, err
		}
	}
	x, err := s.readIndex()
	if err != nil {
		return nil, err
	}
	displaced, changed, err := c.enter(x)
	if err != nil || !changed {
		return nil, err
	}
	if err := s.writeIndex(x); err != nil {
		return nil, err
	}
	c.placed = nil // they have an entry now
	if c.derived != nil {
		c.derived.placed = nil
	}
	s.sweepOrWarn(x, displaced)
	return displaced, nil
}

// enter puts the plan into the index, then what was derived from it.
func (c *commit) enter(x *index) (displaced []digest.Digest, changed bool, err error) {
	displaced, changed, err = x.put(c.name, c.desc)
	if err != nil || c.derived == nil {
		return displaced, changed, err
	}
	more, also, err := x.put(c.derived.name, c.derived.desc)
	return append(displaced, more...), changed || also, err
}

// place gives the staged blobs and the manifest their names in the store, for good: the index that follows must not
// outlive them in a power loss.
func (c *commit) place() error {
	for i := range c.plan.Blobs {
		b := &c.plan.Blobs[i]
		if err := c.placeBlob(b.Digest, b.Size); err != nil {
			return err
		}
	}
	if err := c.placeManifest(); err != nil {
		return err
	}
	for dir := range c.touched {
		if err := syncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

func (c *commit) placeBlob(d digest.Digest, size int64) error {
	state, _, err := c.store.statBlob(d, size)
	if err != nil || state == atrest.Whole {
		return err
	}
	src := c.staged(d)
	info, err := os.Stat(src)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() != size {
		return fmt.Errorf("placing blob %s: %w", d, errLost)
	} else if err != nil {
		return fmt.Errorf("placing blob %s: %w", d, err)
	}
	path, err := c.prepare(d, state)
	if err != nil {
		return err
	}
	err = linkFile(src, path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("placing blob %s: %w: %w", d, errLost, err)
	} else if err != nil {
		return fmt.Errorf("placing blob %s: %w", d, err)
	}
	return nil
}

func (c *commit) placeManifest() error {
	_, err := c.store.readManifest(c.desc.Digest)
	if err == nil {
		return nil
	}
	state := atrest.WrongSize
	if errors.Is(err, fs.ErrNotExist) {
		state = atrest.Missing
	}
	path, err := c.prepare(c.desc.Digest, state)
	if err != nil {
		return err
	}
	return writeFile(path, c.plan.Manifest)
}

// prepare makes the folder of a blob, and remembers a new file for undo.
func (c *commit) prepare(d digest.Digest, state atrest.State) (string, error) {
	path, err := c.store.blobPath(d)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", fmt.Errorf("placing blob %s: %w", d, err)
	}
	c.touched[filepath.Dir(path)] = true
	if state == atrest.Missing {
		c.placed = append(c.placed, path)
	}
	return path, nil
}

// undo removes the files of a commit that failed. Nobody can have come to need them: the lock is held.
func (c *commit) undo() error {
	var errs []error
	if c.derived != nil {
		errs = append(errs, c.derived.undo())
	}
	for _, path := range c.placed {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// makeLayout writes what makes a folder an OCI layout, if it is not there. The modes are those of containers/image.
func (s *Store) makeLayout() error {
	if err := os.MkdirAll(filepath.Join(s.root, imgspecv1.ImageBlobsDir, "sha256"), 0o755); err != nil {
		return fmt.Errorf("making the store: %w", err)
	}
	path := filepath.Join(s.root, imgspecv1.ImageLayoutFile)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return writeFile(path, []byte(`{"imageLayoutVersion":"`+imgspecv1.ImageLayoutVersion+`"}`))
}

func (s *Store) writeIndex(x *index) error {
	data, err := x.marshal()
	if err != nil {
		return fmt.Errorf("writing the index of %s: %w", s.root, err)
	}
	return writeFile(filepath.Join(s.root, imgspecv1.ImageIndexFile), data)
}
