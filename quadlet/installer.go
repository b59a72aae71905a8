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
	// Systemctl is the systemd that runs the services of the folder.
	Systemctl *Systemctl
	// Generator explains what is wrong with a unit that systemd did not take; nil is the machine's.
	Generator *Generator
	// Tag gives an image, by its ID, a name back when an update is rolled back; nil leaves the names of images alone.
	Tag func(ctx context.Context, id, name string) error
}

// Read returns a unit that paddock installed, and what it says. The error wraps artifacts.ErrNotFound or ErrForeign.
func (i *Installer) Read(name string) ([]byte, *Installed, error) {
	data, err := read(i.Dir, name)
	if err != nil {
		return nil, nil, err
	}
	in, err := describe(i.Dir, name, data)
	return data, in, err
}

// List returns the units that paddock installed, sorted by name. A folder that is not there has none. What cannot be read makes an error
// beside the units that can.
func (i *Installer) List() ([]*Installed, error) {
	entries, err := os.ReadDir(i.Dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("listing units: %w", err)
	}
	var units []*Installed
	var errs []error
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), extension)
		if !ok || ValidateName(name) != nil {
			continue
		}
		_, in, err := i.Read(name)
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
