package quadlet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

// Install writes the files that Units rendered, and makes systemd read them; the service can be started then. It refuses what Check
// refuses. If Quadlet makes no service of one of them, all is as it was before, and the error has the words of the generator.
func (l *Locked) Install(ctx context.Context, set *Set, replace bool) (*Installed, error) {
	if l.file == nil {
		return nil, fmt.Errorf("installing the unit %s: there is no folder %s", set.Name, l.Dir)
	}
	if _, err := l.admit(ctx, set, replace); err != nil {
		return nil, fmt.Errorf("installing the unit %s: %w", set.Name, err)
	}
	set = set.marked()
	in, err := describe(l.Dir, set.Name, set.Unit)
	if err != nil {
		return nil, fmt.Errorf("installing the unit %s: %w", set.Name, err)
	}
	edits, err := l.edits(set)
	if err == nil {
		err = l.unneeded(edits)
	}
	if err != nil {
		return nil, fmt.Errorf("installing the unit %s: %w", set.Name, err)
	}
	if ran, err := l.put(ctx, edits); err != nil {
		ctx = context.WithoutCancel(ctx) // it may be the reason; what was there before is put back all the same
		back := errors.Join(undo(edits), l.Systemctl.DaemonReload(ctx), l.startAgain(ctx, ran))
		return nil, fmt.Errorf("installing the unit %s: %w", set.Name, errors.Join(err, back))
	}
	return in, errors.Join(l.Forget(set.Name), l.dropVolumes(ctx, edits))
}

// put stops what goes, makes the edits, and sees to it that systemd has a service of each file. It returns the services that it stopped.
func (l *Locked) put(ctx context.Context, edits []edit) (ran []string, err error) {
	if ran, err = l.stopGone(ctx, edits); err != nil {
		return ran, err
	}
	if err := apply(edits); err != nil {
		return ran, err
	}
	if err := l.Systemctl.DaemonReload(ctx); err != nil {
		return ran, err
	}
	for _, e := range edits {
		if e.after == nil || e.link {
			continue
		}
		if err := l.loaded(ctx, e.path); err != nil {
			return ran, err
		}
	}
	return ran, nil
}

// loaded fails if systemd has not made a service of a file.
func (l *Locked) loaded(ctx context.Context, path string) error {
	service, err := serviceOfFile(path)
	if err != nil {
		return err
	}
	state, err := l.Systemctl.State(ctx, service)
	if err != nil {
		return err
	}
	switch source := cmp.Or(state.Source, state.Fragment); {
	case state.Load == "loaded" && samePath(source, path):
		return nil
	case state.Load == "loaded":
		return claimed(service, source)
	}
	return l.explain(ctx, service, path, state)
}

// explain says why systemd has no service of a unit.
func (l *Locked) explain(ctx context.Context, service, path string, state *ServiceState) error {
	generator := l.Generator
	if generator == nil {
		generator = &Generator{User: l.Systemctl.User}
	}
	said, err := generator.Complaints(ctx, filepath.Base(path))
	if err != nil {
		return fmt.Errorf("systemd has no service %s after reading %s (%s): %w", service, path, state.Load, err)
	}
	if said == "" {
		said = "Quadlet has nothing to say about it"
	}
	return fmt.Errorf("systemd has no service %s after reading %s (%s): %s", service, path, state.Load, said)
}
