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

// atOnce is how many blobs are moved into the store, or out of it, in one hold of the lock. One takes some 20 µs, so that
// others wait for a few milliseconds whatever the number of a model's layers.
const atOnce = 256

// commit is a plan that lands: blobs by hard link, the manifest, then the index.
type commit struct {
	store *Store
	name  string
	desc  descriptor
	plan  *artifacts.Plan
	// derived is committed with the plan; nil if nothing was derived from it.
	derived *commit

	blobs    []piece
	manifest piece
	sound    fs.FileInfo // the manifest in the store, as it was when its bytes were verified; nil if they were not

	early   []*piece        // placed before the lock was taken
	placed  []string        // files that were not there before, placed under the lock
	touched map[string]bool // folders that got a file
}

// commit takes the lock, runs c, and deletes what it displaced after the lock is free.
func (s *Store) commit(ctx context.Context, wait func(string), c *commit) error {
	s.warm()
	if err := c.prepare(ctx, wait); err != nil {
		return err
	}
	lock, err := s.lockForCommit(ctx, wait, c.derived)
	if err != nil {
		if len(c.early) > 0 {
			s.logger.Info("leaving blobs that no entry uses, for the next landing", "name", c.name, "blobs", len(c.early))
		}
		return err
	}
	out, err := c.run()
	lock.Release()
	if err != nil {
		return err
	}
	return s.settle(ctx, wait, out)
}

// lockForCommit prepares what was derived, and takes the lock.
func (s *Store) lockForCommit(ctx context.Context, wait func(string), derived *commit) (*atrest.Held, error) {
	if derived != nil {
		if err := derived.prepare(ctx, wait); err != nil {
			return nil, err
		}
	}
	return s.lockWrite(ctx, wait)
}

// settle ends a change of the index outside the lock: the change is made to last, and what it displaced is deleted. What
// cannot be deleted is left for Diagnose: the change itself has succeeded.
func (s *Store) settle(ctx context.Context, wait func(string), out *sweeping) error {
	if err := atrest.SyncDir(s.root); err != nil {
		return err
	}
	if err := out.finish(ctx, wait); err != nil {
		s.logger.Warn("keeping unused blobs", "store", s.root, "error", err)
	}
	return nil
}

// run is what happens under the lock.
func (c *commit) run() (out *sweeping, err error) {
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
	if err != nil {
		return nil, err
	}
	out = s.sweeping(displaced)
	if !changed {
		return out, nil
	}
	if err := s.writeIndex(x); err != nil {
		return nil, err
	}
	out.turnOrWarn(x)
	return out, nil
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

// undo removes the files of a commit that failed. Nobody can have come to need those that were placed under the lock: it
// is held. The others stay if the index names them now, or if somebody put another file in their place.
func (c *commit) undo() error {
	var errs []error
	if c.derived != nil {
		errs = append(errs, c.derived.undo())
	}
	for _, path := range c.placed {
		errs = append(errs, removeIfThere(path))
	}
	if len(c.early) == 0 {
		return errors.Join(errs...)
	}
	x, err := c.store.readIndex()
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	used, err := c.store.used(x)
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	for _, p := range c.early {
		if used[p.digest] == 0 && p.isOurs() {
			errs = append(errs, removeIfThere(p.dst))
		}
	}
	return errors.Join(errs...)
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
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
	return s.replace(path, []byte(`{"imageLayoutVersion":"`+imgspecv1.ImageLayoutVersion+`"}`))
}
