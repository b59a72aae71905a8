package quadlet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.podman.io/storage/pkg/ioutils"

	"github.com/paddock-dev/paddock/artifacts"
)

// Installer installs, lists and removes the units of one folder. It touches only units that it installed itself.
type Installer struct {
	// Dir is the folder, see UnitDir.
	Dir string
	// Systemctl is the systemd that runs the services of the folder.
	Systemctl *Systemctl
	// Generator explains what is wrong with a unit that systemd did not take; nil is the machine's.
	Generator *Generator
}

// Install writes a unit that Unit rendered, and makes systemd read it; the service can be started then. replace allows to overwrite a
// unit that paddock installed; without it the error wraps ErrInstalled. A file or a service of someone else makes an error that wraps
// ErrForeign. If Quadlet makes no service of the unit, all is as it was before, and the error has the words of the generator.
func (i *Installer) Install(ctx context.Context, name string, unit []byte, replace bool) (*Installed, error) {
	old, err := read(i.Dir, name)
	switch {
	case err == nil && !replace:
		return nil, fmt.Errorf("installing the unit %s: it is %w", name, ErrInstalled)
	case err != nil && !errors.Is(err, artifacts.ErrNotFound):
		return nil, fmt.Errorf("installing the unit %s: %w", name, err)
	}
	unit = append([]byte(ownMark+` "paddock quadlet rm `+name+"\" removes it; changes are lost when it is installed again.\n"), unit...)
	in, err := describe(i.Dir, name, unit)
	if err != nil {
		return nil, fmt.Errorf("installing the unit %s: %w", name, err)
	}
	if err := i.unclaimed(ctx, in); err != nil {
		return nil, fmt.Errorf("installing the unit %s: %w", name, err)
	}
	if err := os.MkdirAll(i.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("installing the unit %s: %w", name, err)
	}
	if err := i.put(ctx, in, unit); err != nil {
		// the context may be the reason; what was there before is put back all the same
		back := i.restore(context.WithoutCancel(ctx), in, old)
		return nil, fmt.Errorf("installing the unit %s: %w", name, errors.Join(err, back))
	}
	return in, nil
}

// unclaimed fails if the service is someone else's: a generated one goes before those of packages, in /usr/lib/systemd, and would
// take their place.
func (i *Installer) unclaimed(ctx context.Context, in *Installed) error {
	state, err := i.Systemctl.State(ctx, in.Service)
	if err != nil {
		return err
	}
	if state.Fragment == "" || samePath(state.Source, in.Path) {
		return nil
	}
	whose := state.Source
	if whose == "" {
		whose = state.Fragment
	}
	return fmt.Errorf("the service %s, of %s, is %w; choose another name", in.Service, whose, ErrForeign)
}

func (i *Installer) put(ctx context.Context, in *Installed, unit []byte) error {
	if err := ioutils.AtomicWriteFile(in.Path, unit, 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", in.Path, err)
	}
	if err := i.Systemctl.DaemonReload(ctx); err != nil {
		return err
	}
	state, err := i.Systemctl.State(ctx, in.Service)
	if err != nil {
		return err
	}
	if state.Load == "loaded" && samePath(state.Source, in.Path) {
		return nil
	}
	generator := i.Generator
	if generator == nil {
		generator = &Generator{User: i.Systemctl.User}
	}
	said, err := generator.Complaints(ctx, filepath.Base(in.Path))
	if err != nil {
		return fmt.Errorf("systemd has no service %s after reading %s (%s): %w", in.Service, in.Path, state.Load, err)
	}
	if said == "" {
		said = "Quadlet has nothing to say about it"
	}
	return fmt.Errorf("systemd has no service %s after reading %s (%s): %s", in.Service, in.Path, state.Load, said)
}

// restore puts back what was there before; old is nil if nothing was.
func (i *Installer) restore(ctx context.Context, in *Installed, old []byte) error {
	if old != nil {
		if err := ioutils.AtomicWriteFile(in.Path, old, 0o644); err != nil {
			return fmt.Errorf("putting back %s: %w", in.Path, err)
		}
	} else if err := os.Remove(in.Path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("taking back %s: %w", in.Path, err)
	}
	return i.Systemctl.DaemonReload(ctx)
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
		if !ok || validName(name) != nil {
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

// Remove stops the service of a unit that paddock installed, and removes the unit. The error wraps artifacts.ErrNotFound or ErrForeign.
func (i *Installer) Remove(ctx context.Context, name string) (*Installed, error) {
	data, err := read(i.Dir, name)
	if err != nil {
		return nil, fmt.Errorf("removing the unit %s: %w", name, err)
	}
	in, err := describe(i.Dir, name, data)
	if err != nil { // someone broke it; it can go all the same
		in = &Installed{Name: name, Service: name + ".service", Path: filepath.Join(i.Dir, name+extension)}
	}
	if err := i.stop(ctx, in); err != nil {
		return nil, fmt.Errorf("removing the unit %s: %w", name, err)
	}
	if err := os.Remove(in.Path); err != nil {
		return nil, fmt.Errorf("removing the unit %s: %w", name, err)
	}
	if err := i.Systemctl.DaemonReload(ctx); err != nil {
		return nil, fmt.Errorf("removing the unit %s: %w", name, err)
	}
	return in, nil
}

// stop stops the service if it is of this unit, and makes systemd forget a failure, or it would keep listing the service.
func (i *Installer) stop(ctx context.Context, in *Installed) error {
	state, err := i.Systemctl.State(ctx, in.Service)
	if err != nil || !samePath(state.Source, in.Path) {
		return err
	}
	if err := i.Systemctl.Stop(ctx, in.Service); err != nil {
		return err
	}
	if state, err = i.Systemctl.State(ctx, in.Service); err != nil || state.Active != "failed" {
		return err
	}
	return i.Systemctl.ResetFailed(ctx, in.Service)
}

// samePath says whether two paths are the same file of the same folder, which Quadlet may name without the symbolic links on
// the way (/home for /var/home).
func samePath(a, b string) bool {
	if a == b {
		return true
	}
	if filepath.Base(a) != filepath.Base(b) {
		return false
	}
	dirA, errA := os.Stat(filepath.Dir(a))
	dirB, errB := os.Stat(filepath.Dir(b))
	return errA == nil && errB == nil && os.SameFile(dirA, dirB)
}
