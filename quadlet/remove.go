package quadlet

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// Remove stops the service of a unit that paddock installed, and removes the unit. The error wraps artifacts.ErrNotFound or ErrForeign.
// A unit that cannot be removed is found out before its service is stopped. The unit is returned beside an error if it is gone, but
// systemd could not be told.
func (l *Locked) Remove(ctx context.Context, name string) (*Installed, error) {
	data, err := read(l.Dir, name)
	if err != nil {
		return nil, fmt.Errorf("removing the unit %s: %w", name, err)
	}
	in, err := describe(l.Dir, name, data)
	if err != nil { // someone broke it; it can go all the same
		in = named(l.Dir, name)
	}
	if err := removable(in.Path); err != nil {
		return nil, fmt.Errorf("removing the unit %s: %w", name, err)
	}
	ran, err := l.stop(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("removing the unit %s: %w", name, err)
	}
	ctx = context.WithoutCancel(ctx) // the service is down: what is left takes no time, and half of it helps nobody
	if err := os.Remove(in.Path); err != nil {
		if ran {
			err = errors.Join(err, l.Systemctl.startSoon(ctx, in.Service))
		}
		return nil, fmt.Errorf("removing the unit %s: %w", name, err)
	}
	if err := errors.Join(l.Forget(name), l.Systemctl.DaemonReload(ctx)); err != nil {
		return in, fmt.Errorf("telling systemd that the unit %s is removed: %w", name, err)
	}
	return in, nil
}

// stop stops the service if it is of this unit, and makes systemd forget a failure, or it would keep listing the service. It says
// whether the service was up, or on its way.
func (l *Locked) stop(ctx context.Context, in *Installed) (ran bool, err error) {
	state, err := l.Systemctl.State(ctx, in.Service)
	if err != nil || !samePath(state.Source, in.Path) {
		return false, err
	}
	ran = state.Active == "active" || state.Active == "activating" || state.Active == "reloading"
	if err := l.Systemctl.Stop(ctx, in.Service); err != nil {
		return ran, err
	}
	if state, err = l.Systemctl.State(ctx, in.Service); err != nil || state.Active != "failed" {
		return ran, err
	}
	return ran, l.Systemctl.ResetFailed(ctx, in.Service)
}
