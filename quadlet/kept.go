package quadlet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.podman.io/storage/pkg/ioutils"

	"github.com/paddock-dev/paddock/artifacts"
)

// While a unit proves itself, the one before it is kept beside it, as a hidden file whose ending means nothing to Quadlet's
// generator. Found there later, it tells that an update was cut off. It can come back by a rename, which needs no space on the disk.

// imageMark begins the line of a kept unit that has the ID which the name of its image stood for.
const imageMark = "# Its image was "

func (i *Installer) keptPath(name string) string { return filepath.Join(i.Dir, "."+name+".before") }

// besideMark begins the line of a kept unit that has a file which was beside it, as JSON.
const besideMark = "# Beside it was "

// keep writes down a set, and the ID of its image; "" if that is not to come back.
func (l *Locked) keep(set *Set, imageID string) error {
	unit := withoutNotes(withoutNotes(set.Unit, imageMark), besideMark)
	for _, f := range set.Beside {
		note, err := json.Marshal(f)
		if err != nil {
			return fmt.Errorf("keeping the unit %s: %w", set.Name, err)
		}
		unit = slices.Concat(unit, []byte(besideMark), note, []byte("\n"))
	}
	if imageID != "" {
		unit = slices.Concat(unit, []byte(imageMark+imageID+"\n"))
	}
	if err := ioutils.AtomicWriteFile(l.keptPath(set.Name), unit, 0o644); err != nil {
		return fmt.Errorf("keeping the unit %s: %w", set.Name, err)
	}
	return nil
}

// kept returns the kept set and the ID of its image. nil if there is none.
func (i *Installer) kept(name string) (set *Set, imageID string, err error) {
	unit, err := os.ReadFile(i.keptPath(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("reading what an update kept of the unit %s: %w", name, err)
	}
	set = &Set{Name: name, Unit: withoutNotes(withoutNotes(unit, imageMark), besideMark)}
	for line := range strings.Lines(string(unit)) {
		if id, ok := strings.CutPrefix(line, imageMark); ok {
			imageID = strings.TrimSpace(id)
		}
		note, ok := strings.CutPrefix(line, besideMark)
		if !ok {
			continue
		}
		var f File
		if err := json.Unmarshal([]byte(note), &f); err != nil {
			return nil, "", fmt.Errorf("reading what an update kept of the unit %s: %w", name, err)
		}
		set.Beside = append(set.Beside, f)
	}
	return set, imageID, nil
}

// Kept returns the unit that an update which was cut off was about to replace; nil if there is none.
func (i *Installer) Kept(name string) (*Installed, error) {
	set, _, err := i.kept(name)
	if err != nil || set == nil {
		return nil, err
	}
	return describe(i.Dir, name, set.Unit)
}

// Forget drops the kept unit: what has its name is there to stay.
func (l *Locked) Forget(name string) error {
	if err := os.Remove(l.keptPath(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing what an update kept of the unit %s: %w", name, err)
	}
	return nil
}

// Uses says whether a unit that paddock installed, or one that may come back, needs the name that pins a model. A unit that
// cannot be read may need it, and makes an error; of one that is broken it is enough that it has the name in it.
func (i *Installer) Uses(source string) (bool, error) {
	names, err := i.names("")
	if err != nil {
		return false, err
	}
	for _, name := range names {
		data, err := read(i.Dir, name)
		switch {
		case errors.Is(err, ErrForeign), errors.Is(err, artifacts.ErrNotFound):
			continue
		case err != nil:
			return false, err
		}
		now, err := describe(i.Dir, name, data)
		if err == nil && now.Source == source || err != nil && bytes.Contains(data, []byte(source)) {
			return true, nil
		}
		before, err := i.Kept(name)
		if err != nil {
			return false, err
		}
		if before != nil && before.Source == source {
			return true, nil
		}
	}
	return false, nil
}
