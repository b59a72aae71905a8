package quadlet

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/paddock-dev/paddock/artifacts"
)

// edit is a file of our own that is to change; nil is no file.
type edit struct {
	path          string
	before, after []byte
	link          bool // it is a symbolic link to what is said there
}

func (e *edit) changes() bool { return !bytes.Equal(e.before, e.after) }

// edits are what it takes to have a set installed and nothing else of its name, the .container first: it says which the others are, so
// that a kill between two of them leaves nothing that is not known.
func (i *Installer) edits(set *Set) ([]edit, error) {
	stale, err := i.beside(set.Name)
	if err != nil {
		return nil, err
	}
	in, err := describe(i.Dir, set.Name, set.Unit)
	if err != nil {
		return nil, err
	}
	var edits []edit
	for _, f := range set.Files() {
		edits = append(edits, edit{path: i.path(f.Name), after: f.Data})
	}
	for _, name := range stale {
		if !slices.Contains(set.names(), name) {
			edits = append(edits, edit{path: i.path(name)})
		}
	}
	return i.withPods(edits, set.Name, in)
}

// withPods adds the edits of pods to those of a service, which is to say what in says.
func (i *Installer) withPods(edits []edit, name string, in *Installed) ([]edit, error) {
	edits, err := before(edits)
	if err != nil {
		return nil, err
	}
	pods, err := i.podEdits(name, in)
	return slices.Concat(edits, enabling(edits), pods), err
}

// removal is the edits by which a service goes, the .container last: as long as it is there, a removal that was cut off can be made again.
func (i *Installer) removal(name string) ([]edit, error) {
	stale, err := i.beside(name)
	if err != nil {
		return nil, err
	}
	var edits []edit
	for _, s := range stale {
		edits = append(edits, edit{path: i.path(s)})
	}
	if edits, err = i.withPods(edits, name, nil); err != nil {
		return nil, err
	}
	unit, err := before([]edit{{path: i.path(name + extension)}})
	return append(edits, unit...), err
}

// beside names the files that a service has, or had before an update that was cut off. A unit that is none any more, or lost the line, names
// none: they are found by what they may be called, and by their mark.
func (i *Installer) beside(name string) ([]string, error) {
	now, err := i.installed(name)
	kept, keptErr := i.Kept(name)
	for _, err := range []error{err, keptErr} {
		if err != nil && !errors.Is(err, artifacts.ErrNotFound) && !errors.Is(err, errBroken) {
			return nil, err
		}
	}
	var names []string
	for _, in := range []*Installed{now, kept} {
		if in != nil {
			names = append(names, in.Beside...)
		}
	}
	for _, file := range besideNames(name) {
		if data, err := readOwn(i.path(file)); err == nil && strings.HasPrefix(string(data), markOf(name)) {
			names = append(names, file)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// path is where a file of a set is.
func (i *Installer) path(file string) string {
	if isPlainUnit(file) {
		return filepath.Join(i.Plain, file)
	}
	return filepath.Join(i.Dir, file)
}

// before reads what is there, and leaves out what is someone else's by now where it was to go.
func before(edits []edit) ([]edit, error) {
	var ours []edit
	for _, e := range edits {
		data, err := readOwn(e.path)
		switch {
		case errors.Is(err, ErrForeign) && e.after == nil:
			continue
		case err != nil && !errors.Is(err, artifacts.ErrNotFound):
			return nil, err
		}
		e.before = data
		ours = append(ours, e)
	}
	return ours, nil
}

// readOwn reads a unit file of our own. The error wraps artifacts.ErrNotFound or ErrForeign.
func readOwn(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("unit %s: %w in %s", filepath.Base(path), artifacts.ErrNotFound, filepath.Dir(path))
	}
	if err != nil {
		return nil, fmt.Errorf("reading the unit %s: %w", path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("unit %s is %w", path, ErrForeign)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the unit %s: %w", path, err)
	}
	if !strings.HasPrefix(string(data), ownMark) {
		return nil, fmt.Errorf("unit %s is %w", path, ErrForeign)
	}
	return data, nil
}
