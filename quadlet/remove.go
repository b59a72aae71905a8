package quadlet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Remove stops the service of a unit that paddock installed, and removes the unit and what goes with it. The error wraps
// artifacts.ErrNotFound, ErrForeign, or ErrInUse. A file that cannot be removed is found out before a service is stopped. The unit is returned
// beside an error if it is gone, but systemd could not be told.
func (l *Locked) Remove(ctx context.Context, name string) (*Installed, error) {
	in, err := l.installed(name)
	if errors.Is(err, errBroken) { // it can go all the same
		in, err = named(l.Dir, name), nil
	}
	var edits []edit
	if err == nil {
		edits, err = l.removal(name)
	}
	for _, e := range edits {
		err = errors.Join(err, removable(e.path))
	}
	if err == nil {
		err = l.unneeded(edits)
	}
	if err == nil {
		err = l.away(ctx, edits)
	}
	if err != nil {
		return nil, fmt.Errorf("removing the unit %s: %w", name, err)
	}
	ctx = context.WithoutCancel(ctx)
	err = errors.Join(l.Forget(name), l.Systemctl.DaemonReload(ctx))
	if err != nil {
		err = fmt.Errorf("telling systemd that the unit %s is removed: %w", name, err)
	}
	if dropped := l.dropVolumes(ctx, edits); dropped != nil {
		err = errors.Join(err, fmt.Errorf("removing what the unit %s has left: %w", name, dropped))
	}
	return in, err
}

// dropVolumes removes the volumes whose units are gone: what a server keeps is of use to it only.
func (l *Locked) dropVolumes(ctx context.Context, edits []edit) error {
	var errs []error
	for _, e := range edits {
		name, isVolume := strings.CutSuffix(filepath.Base(e.path), ".volume")
		if e.after == nil && isVolume && l.DropVolume != nil {
			errs = append(errs, l.DropVolume(ctx, "systemd-"+name)) // podman-systemd.unit(5), VolumeName=
		}
	}
	return errors.Join(errs...)
}

// away stops the services of the files that are to go, and makes the edits. If that fails, what ran is started again.
func (l *Locked) away(ctx context.Context, edits []edit) error {
	ran, err := l.stopGone(ctx, edits)
	ctx = context.WithoutCancel(ctx) // the services are down: what is left takes no time, and half of it helps nobody
	if err != nil {
		return errors.Join(err, l.startAgain(ctx, ran))
	}
	if err := apply(edits); err != nil {
		return errors.Join(err, undo(edits), l.startAgain(ctx, ran))
	}
	return nil
}

// stopGone stops the services of the files that are to go, and returns those that ran before: with one stop those that need it.
func (l *Locked) stopGone(ctx context.Context, edits []edit) (ran []string, err error) {
	var services []string
	for _, e := range edits {
		if e.after != nil || e.link {
			continue
		}
		service, err := serviceOfFile(e.path)
		if err != nil {
			return nil, err
		}
		state, err := l.Systemctl.State(ctx, service)
		if err != nil {
			return nil, err
		}
		if !samePath(cmp.Or(state.Source, state.Fragment), e.path) {
			continue
		}
		services = append(services, service)
		if slices.Contains([]string{"active", "activating", "reloading"}, state.Active) {
			ran = append(ran, service)
		}
	}
	for _, service := range services {
		if err := l.stop(ctx, service); err != nil {
			return ran, err
		}
	}
	return ran, nil
}

func (l *Locked) startAgain(ctx context.Context, services []string) error {
	var errs []error
	for _, s := range slices.Backward(services) {
		errs = append(errs, l.Systemctl.startSoon(ctx, s))
	}
	return errors.Join(errs...)
}

// stop stops a service, and makes systemd forget a failure, or it would keep listing the service.
func (l *Locked) stop(ctx context.Context, service string) error {
	if err := l.Systemctl.Stop(ctx, service); err != nil {
		return err
	}
	state, err := l.Systemctl.State(ctx, service)
	if err != nil || state.Active != "failed" {
		return err
	}
	return l.Systemctl.ResetFailed(ctx, service)
}
