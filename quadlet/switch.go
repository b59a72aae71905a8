package quadlet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"go.podman.io/storage/pkg/ioutils"
)

// Change is what Switch does to a service.
type Change struct {
	Name string
	// Unit is the new unit, as the function Unit renders it.
	Unit []byte
	// ImageID is what the name of the old unit's image stood for, where that has moved; "" where it has not.
	ImageID string
}

// RolledBackError says that a service was not healthy with its new unit, and that the old one is back.
type RolledBackError struct {
	Name string
	// Err is what was wrong with the new unit, and Said the end of what the service said meanwhile; "" if that cannot be read.
	Err  error
	Said string
	// Back is why the service is not up with the old unit either; nil if it is.
	Back error
}

// Error says which service it was, and how it is now, without what systemctl says of where to look for more.
func (e *RolledBackError) Error() string {
	why, _, _ := strings.Cut(e.Err.Error(), "\nSee \"systemctl ")
	why = strings.TrimSuffix(why, ".")
	if e.Back != nil {
		return fmt.Sprintf("updating %s: %s; it was rolled back, and is not healthy as it was before either: %v", e.Name, why, e.Back)
	}
	return fmt.Sprintf("updating %s: %s; it was rolled back, and runs as before", e.Name, why)
}

// Unwrap returns Err and Back.
func (e *RolledBackError) Unwrap() []error {
	if e.Back != nil {
		return []error{e.Err, e.Back}
	}
	return []error{e.Err}
}

// Switch puts a new unit in the place of one that paddock installed, and restarts its service, which returns when the server
// answers. If it does not, the old unit and its image are put back and started, and the error is a *RolledBackError. A service that
// is stopped is not started. There is a unit at any time; what a kill leaves is for Settle.
func (l *Locked) Switch(ctx context.Context, c *Change) (*Installed, error) {
	old, err := l.admit(ctx, c.Name, true)
	if err == nil && old == nil {
		_, err = read(l.Dir, c.Name) // there is none to replace
	}
	if err != nil {
		return nil, fmt.Errorf("updating the unit %s: %w", c.Name, err)
	}
	unit := marked(c.Name, c.Unit)
	in, err := describe(l.Dir, c.Name, unit)
	if err != nil {
		return nil, fmt.Errorf("updating the unit %s: %w", c.Name, err)
	}
	if err := l.keep(c.Name, old, c.ImageID); err != nil {
		return nil, err
	}
	return in, l.prove(ctx, in, unit)
}

// Settle ends an update that was cut off: the new unit stays if its service becomes healthy with it, otherwise the old one comes
// back, and the error is a *RolledBackError. It returns the unit that is gone, nil if nothing was cut off.
func (l *Locked) Settle(ctx context.Context, name string) (gone *Installed, err error) {
	before, err := l.Kept(name)
	if err != nil || before == nil {
		return nil, err
	}
	unit, now, err := l.Read(name)
	if err != nil {
		return nil, err
	}
	err = l.prove(ctx, now, unit)
	var back *RolledBackError
	if errors.As(err, &back) {
		return now, err
	}
	return before, err
}

// prove installs a unit whose predecessor is kept, and lets go of that one when the service is healthy.
func (l *Locked) prove(ctx context.Context, in *Installed, unit []byte) error {
	state, err := l.Systemctl.State(ctx, in.Service)
	if err != nil {
		return err
	}
	began := time.Now()
	err = l.put(ctx, in, unit)
	started := err == nil && state.Active != "inactive"
	if started {
		err = l.Systemctl.Restart(ctx, in.Service)
	}
	if err == nil {
		return l.Forget(in.Name)
	}
	back := &RolledBackError{Name: in.Name, Err: err}
	interrupted := ctx.Err() != nil
	ctx = context.WithoutCancel(ctx) // it is put back all the same
	if started && !interrupted {
		back.Said = l.Systemctl.journal(ctx, in.Service, began)
	}
	if back.Back = l.goBack(ctx, in); back.Back == nil && started {
		back.Back = l.restart(ctx, in.Service, interrupted)
	}
	return back
}

// restart does not wait for the service where somebody has lost patience already.
func (l *Locked) restart(ctx context.Context, service string, impatient bool) error {
	if impatient {
		return l.Systemctl.do(ctx, "restart", "--no-block", "--", service)
	}
	return l.Systemctl.Restart(ctx, service)
}

// goBack puts the kept unit and its image back.
func (l *Locked) goBack(ctx context.Context, in *Installed) error {
	unit, id, err := l.kept(in.Name)
	if err != nil {
		return err
	}
	before, err := describe(l.Dir, in.Name, unit)
	if err != nil {
		return err
	}
	if id != "" && l.Tag != nil {
		err = l.Tag(ctx, id, before.Image)
	}
	if back := l.putBack(in, withoutNotes(unit, imageMark)); back != nil {
		return errors.Join(err, fmt.Errorf("putting back the unit %s: %w", in.Name, back))
	}
	return errors.Join(err, l.Systemctl.DaemonReload(ctx))
}

// putBack writes the kept unit without what was noted in it; where there is no space for that, with it.
func (l *Locked) putBack(in *Installed, unit []byte) error {
	if err := ioutils.AtomicWriteFile(in.Path, unit, 0o644); err != nil {
		return os.Rename(l.keptPath(in.Name), in.Path)
	}
	return l.Forget(in.Name)
}
