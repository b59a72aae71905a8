package dirstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// contents is what is in models.
type contents struct {
	layouts []layout
	strange []string // paths that are no layout's
	empty   []string // folders of repositories that have none
}

// scan lists models. Without the lock it may miss what moves meanwhile.
func (s *Store) scan() (*contents, error) {
	c := &contents{}
	repositories, err := os.ReadDir(s.models)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	} else if err != nil {
		return nil, err
	}
	for _, r := range repositories {
		path := filepath.Join(s.models, r.Name())
		if !r.IsDir() {
			c.strange = append(c.strange, path)
			continue
		}
		if err := c.scanRepository(path); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *contents) scanRepository(path string) error {
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	if len(entries) == 0 {
		c.empty = append(c.empty, path)
	}
	for _, e := range entries {
		dir := filepath.Join(path, e.Name())
		name, err := nameOf(filepath.Base(path), e.Name())
		if err != nil || !e.IsDir() {
			c.strange = append(c.strange, dir)
			continue
		}
		c.layouts = append(c.layouts, layout{name: name, dir: dir})
	}
	return nil
}

// records reads every layout. The caller holds the lock.
func (s *Store) records() ([]record, error) {
	c, err := s.scan()
	if err != nil {
		return nil, err
	}
	records := make([]record, len(c.layouts))
	for i := range c.layouts {
		records[i] = c.layouts[i].read()
	}
	return records, nil
}

// enough is how many files of one blob are worth looking for.
const enough = 3

// own returns files of the store that hold a blob. It looks without the lock: one that goes away meanwhile is not linked.
func (s *Store) own(d digest.Digest, size int64) []string {
	c, err := s.scan()
	if err != nil {
		return nil // then it is fetched, and the commit meets the error again
	}
	var found []string
	for i := range c.layouts {
		path, err := c.layouts[i].blob(d)
		if err != nil {
			return nil
		}
		if state, _, err := atrest.Stat(path, size); err == nil && state == atrest.Whole {
			if found = append(found, path); len(found) == enough {
				break
			}
		}
	}
	return found
}
