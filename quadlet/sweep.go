package quadlet

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// temporary is what a file is called while it is written (storage/pkg/ioutils, AtomicWriteFile): of a unit, or of one that is kept.
const temporary = `^\.tmp-([A-Za-z0-9@_.-]+\.(container|pod|volume|network|image|artifact|socket|service)|\.[A-Za-z0-9@_.-]+\.before)[0-9]+$`

// emptyAge is how long nothing is in a file that nobody is about to write: it does not say whose it is.
const emptyAge = time.Hour

// sweep removes what a kill left of files that were being written: under the lock nobody else writes any. Others use the same folders,
// so only what has our mark goes, or has no mark of anybody's and is old.
func (l *Locked) sweep() error {
	ours := regexp.MustCompile(temporary)
	for _, dir := range []string{l.Dir, l.Plain} {
		files, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("looking for what was left in the folder of units: %w", err)
		}
		for _, f := range files {
			path := filepath.Join(dir, f.Name())
			if !f.Type().IsRegular() || !ours.MatchString(f.Name()) || !abandoned(path) {
				continue
			}
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("removing what was left in the folder of units: %w", err)
			}
		}
	}
	return nil
}

// abandoned says whether a temporary file is ours.
func abandoned(path string) bool {
	data, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	if len(data) > 0 {
		return bytes.HasPrefix(data, []byte(ownMark))
	}
	info, err := os.Stat(path)
	return err == nil && time.Since(info.ModTime()) > emptyAge
}
