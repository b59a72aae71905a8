package quadlet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/paddock-dev/paddock/artifacts"
)

// Installer reads the units of one folder, and changes them when it is locked. It touches only units that it installed itself.
type Installer struct {
	// Dir is the folder, see UnitDir.
	Dir string
	// Plain is the folder of the units that are systemd's own, see PlainDir.
	Plain string
	// Systemctl is the systemd that runs the services of the folder.
	Systemctl *Systemctl
	// Generator explains what is wrong with a unit that systemd did not take; nil is the machine's.
	Generator *Generator
	// DropVolume removes a volume of Podman's, if it is there; nil leaves those of services that go.
	DropVolume func(ctx context.Context, name string) error
	// Tag gives an image, by its ID, a name back when an update is rolled back; nil leaves the names of images alone.
	Tag func(ctx context.Context, id, name string) error
	// Warn hears of units of our own that cannot be read, and that a change does without; nil: nobody listens.
	Warn func(error)
}

// Read returns the files of a service that paddock installed, and what its unit says. The error wraps artifacts.ErrNotFound or
// ErrForeign. The unit is returned beside an error of what it says, or of another file. One that is gone is not missed.
func (i *Installer) Read(name string) (*Set, *Installed, error) {
	data, err := read(i.Dir, name)
	if err != nil {
		return nil, nil, err
	}
	set := &Set{Name: name, Unit: data}
	in, err := describe(i.Dir, name, data)
	if err != nil {
		return set, nil, err
	}
	if in.Pod != "" {
		data, err := readOwn(i.path(in.Pod + podExtension))
		switch {
		case err == nil:
			set.Pod = &File{in.Pod + podExtension, data}
		case !errors.Is(err, artifacts.ErrNotFound) && !errors.Is(err, ErrForeign):
			return set, in, err
		}
	}
	for _, file := range in.Beside {
		data, err := readOwn(i.path(file))
		switch {
		case err == nil:
			set.Beside = append(set.Beside, File{file, data})
		case !errors.Is(err, artifacts.ErrNotFound):
			return set, in, err
		}
	}
	return set, in, nil
}

// installed returns what a unit that paddock installed says.
func (i *Installer) installed(name string) (*Installed, error) {
	data, err := read(i.Dir, name)
	if err != nil {
		return nil, err
	}
	return describe(i.Dir, name, data)
}

// List returns the units that paddock installed, sorted by name. A folder that is not there has none. What cannot be read makes an error
// beside the units that can.
func (i *Installer) List() ([]*Installed, error) { return i.others("") }

// others is List without the one of that name.
func (i *Installer) others(but string) ([]*Installed, error) {
	names, err := i.names(but)
	if err != nil {
		return nil, err
	}
	var units []*Installed
	var errs []error
	for _, name := range names {
		in, err := i.installed(name)
		switch {
		case errors.Is(err, ErrForeign), errors.Is(err, artifacts.ErrNotFound):
		case err != nil:
			errs = append(errs, err)
		default:
			units = append(units, in)
		}
	}
	return units, errors.Join(errs...)
}

// names are those of the units in the folder, whosesoever they are, without that one.
func (i *Installer) names(but string) ([]string, error) {
	entries, err := os.ReadDir(i.Dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("listing units: %w", err)
	}
	var names []string
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), extension)
		if ok && name != but && ValidateName(name) == nil {
			names = append(names, name)
		}
	}
	return names, nil
}
