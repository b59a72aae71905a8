package podmanstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// prepare does what needs no lock: the paths, a look at the manifest that may be there, and, for a plan of very many blobs,
// most of the links.
func (c *commit) prepare(ctx context.Context, wait func(string)) error {
	if err := c.verifyManifest(); err != nil {
		return err
	}
	if _, err := c.store.learnRefs(c.desc.Digest, c.plan.Manifest); err != nil {
		return err
	}
	var missing []*piece
	for i := range c.blobs {
		state, err := c.blobs[i].state()
		if err != nil {
			return err
		}
		if state == atrest.Missing {
			missing = append(missing, &c.blobs[i])
		}
	}
	if len(missing) <= atOnce {
		return nil // under the lock: a landing that fails before leaves nothing
	}
	// Waiting first, and then giving the lock back: whoever gives up a long wait has placed nothing yet.
	lock, err := c.store.lockWrite(ctx, wait)
	if err != nil {
		return err
	}
	err = c.store.makeLayout()
	lock.Release()
	if err != nil {
		return err
	}
	c.placeEarly(ctx, missing)
	return nil
}

// pieces fills in what is to be placed, from the staging area.
func (c *commit) pieces(staged, manifest func(digest.Digest) string) (err error) {
	c.touched = map[string]bool{}
	c.blobs = make([]piece, len(c.plan.Blobs))
	for i := range c.plan.Blobs {
		b := &c.plan.Blobs[i]
		if c.blobs[i], err = c.store.piece(b.Digest, b.Size, staged); err != nil {
			return err
		}
	}
	c.manifest, err = c.store.piece(c.desc.Digest, c.desc.Size, manifest)
	return err
}

// verifyManifest looks at the manifest that may be in the store, so that it need not be read under the lock.
func (c *commit) verifyManifest() error {
	info, err := os.Stat(c.manifest.dst)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("looking at manifest %s: %w", c.manifest.digest, err)
	}
	if _, err := c.store.readManifest(c.manifest.digest); err == nil {
		c.sound = info
	}
	return nil
}

// placeEarly gives blobs their names in the store before the lock is taken: five thousand links take a tenth of a second.
// Podman places blobs without the lock, too (libartifact, Add). What this may cost is looked after: run looks at every blob
// again under the lock, since a podman artifact rm can take away what no entry names yet; undo spares what others came to
// need; and a crash leaves blobs without an entry, which the next landing uses and Diagnose finds.
//
// Nothing here has to succeed. What is not placed is placed, or fails, under the lock.
func (c *commit) placeEarly(ctx context.Context, missing []*piece) {
	for _, p := range missing {
		err := ctx.Err()
		if err == nil {
			err = c.folder(p)
		}
		if err == nil {
			err = os.Link(p.src, p.dst)
		}
		if errors.Is(err, fs.ErrExist) {
			continue // somebody else's
		} else if err != nil {
			c.store.logger.Debug("placing blobs under the lock", "name", c.name, "error", err)
			return
		}
		c.early = append(c.early, p)
	}
	// Synced here, the folder has little left to sync under the lock.
	if err := c.syncTouched(); err != nil {
		c.store.logger.Debug("syncing blobs under the lock", "name", c.name, "error", err)
	}
}
