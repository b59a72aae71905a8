package dirstore

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// heal gives other layouts the blobs that they lost together with the one that was just repaired: Discard takes a damaged
// blob from all. What it cannot heal stays as damaged as it was, for Check to see.
func (c *commit) heal() {
	good := map[digest.Digest]bool{}
	for _, b := range c.blobs {
		good[b.Digest] = true
	}
	records, err := c.store.records()
	if err != nil {
		c.store.logger.Warn("repairing other names", "error", err)
		return
	}
	for i := range records {
		r := &records[i]
		blobs, err := r.needs()
		if r.err != nil || err != nil || r.layout.dir == c.target.dir {
			continue
		}
		for _, b := range blobs {
			if !good[b.Digest] {
				continue
			}
			if err := c.relink(&r.layout, b); err != nil {
				c.store.logger.Warn("repairing another name", "name", r.layout.name, "error", err)
			}
		}
	}
}

// relink replaces a blob that is missing or has a wrong size.
func (c *commit) relink(l *layout, b atrest.Blob) error {
	to, err := l.blob(b.Digest)
	if err != nil {
		return err
	}
	from, err := c.target.blob(b.Digest)
	if err != nil {
		return err
	}
	if state, _, err := atrest.Stat(to, b.Size); err != nil || state == atrest.Whole {
		return err
	}
	temp := filepath.Join(c.store.temp, rand.Text())
	if err := os.Link(from, temp); err != nil {
		return fmt.Errorf("linking blob %s: %w", b.Digest, err)
	}
	err = os.Rename(temp, to)
	// A rename onto another name of the same file does nothing (rename(2)) and leaves temp.
	if rm := os.Remove(temp); rm != nil && !errors.Is(rm, fs.ErrNotExist) {
		err = errors.Join(err, rm)
	}
	return err
}
