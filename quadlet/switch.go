package quadlet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// Change is what Switch does to a service.
type Change struct {
	// Set is the new unit and what goes with it, as Units renders them.
	Set *Set
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
	why := withoutSee(e.Err)
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
	name := c.Set.Name
	_, err := read(l.Dir, name)
	if err != nil { // there is none to replace
		return nil, fmt.Errorf("updating the unit %s: %w", name, err)
	}
	old, err := l.admit(ctx, c.Set, true)
	if err != nil {
		return nil, fmt.Errorf("updating the unit %s: %w", name, err)
	}
	set := c.Set.marked()
	in, err := describe(l.Dir, name, set.Unit)
	if err != nil {
		return nil, fmt.Errorf("updating the unit %s: %w", name, err)
	}
	if err := l.keep(old, c.ImageID); err != nil {
		return nil, err
	}
	return in, l.prove(ctx, in, set)
}

// Settle ends an update that was cut off: the new unit stays if its service becomes healthy with it, otherwise the old one comes
// back, and the error is a *RolledBackError. It returns the unit that is gone, nil if nothing was cut off.
func (l *Locked) Settle(ctx context.Context, name string) (gone *Installed, err error) {
	before, err := l.Kept(name)
	if err != nil || before == nil {
		return nil, err
	}
	set, now, err := l.Read(name)
	if err != nil {
		return nil, err
	}
	err = l.prove(ctx, now, set)
	var back *RolledBackError
	if errors.As(err, &back) {
		return now, err
	}
	return before, err
}

// prove installs a set whose predecessor is kept, and lets go of that one when the service is healthy.
func (l *Locked) prove(ctx context.Context, in *Installed, set *Set) error {
	state, err := l.Systemctl.State(ctx, in.Service)
	if err != nil {
		return err
	}
	edits, err := l.edits(set)
	if err != nil {
		return err
	}
	began := time.Now()
	ran, err := l.put(ctx, edits)
	started := err == nil && state.Active != "inactive"
	if err == nil {
		err = l.renew(ctx, in, edits, started)
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
	var way []string
	if interrupted {
		way = []string{"--no-block"} // somebody has lost patience already
	}
	edits, back.Back = l.goBack(ctx, in)
	if back.Back == nil {
		back.Back = l.renew(ctx, in, edits, started, way...)
	}
	back.Back = errors.Join(back.Back, l.startAgain(ctx, ran))
	return back
}

// renew restarts a service with what has changed beside it; of one that is not to be started only what runs beside it.
func (l *Locked) renew(ctx context.Context, in *Installed, edits []edit, start bool, way ...string) error {
	services, err := changed(in, edits)
	if err != nil {
		return err
	}
	if !start {
		if len(services) == 0 {
			return nil
		}
		return l.Systemctl.do(ctx, slices.Concat([]string{"try-restart"}, way, []string{"--"}, services)...)
	}
	front, err := l.front(ctx, in)
	if err != nil {
		return err
	}
	services = slices.DeleteFunc(services, func(s string) bool { return slices.Contains(front, s) })
	services = slices.Concat(services, front, []string{in.Service})
	if err := l.Systemctl.do(ctx, slices.Concat([]string{"restart"}, way, []string{"--"}, services)...); err != nil {
		return err
	}
	in.knock(ctx)
	return nil
}

// changed are the services of the files beside a unit that change.
func changed(in *Installed, edits []edit) ([]string, error) {
	var services []string
	for _, e := range edits {
		if e.path == in.Path || e.before == nil || e.after == nil || e.link || !e.changes() {
			continue
		}
		service, err := serviceOfFile(e.path)
		if err != nil {
			return nil, err
		}
		services = append(services, service)
	}
	return services, nil
}

// goBack puts the kept set and its image back, and returns what that changed.
func (l *Locked) goBack(ctx context.Context, in *Installed) ([]edit, error) {
	set, id, err := l.kept(in.Name)
	if err != nil {
		return nil, err
	}
	before, err := describe(l.Dir, in.Name, set.Unit)
	if err != nil {
		return nil, err
	}
	if id != "" && l.Tag != nil {
		err = l.Tag(ctx, id, before.Image)
	}
	edits, back := l.putBack(set)
	if back != nil {
		return nil, errors.Join(err, fmt.Errorf("putting back the unit %s: %w", in.Name, back))
	}
	return edits, errors.Join(err, l.Systemctl.DaemonReload(ctx))
}

// putBack writes the kept set without what was noted in it; where there is no space for that, the unit comes back with it.
func (l *Locked) putBack(set *Set) ([]edit, error) {
	edits, err := l.edits(set)
	if err != nil {
		return nil, err
	}
	if err := edits[0].put(edits[0].after); err != nil {
		return edits, errors.Join(apply(edits[1:]), os.Rename(l.keptPath(set.Name), edits[0].path))
	}
	return edits, errors.Join(apply(edits[1:]), l.Forget(set.Name))
}
