package quadlet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.podman.io/storage/pkg/ioutils"
)

// Install writes a unit that Unit rendered, and makes systemd read it; the service can be started then. It refuses what Check
// refuses. If Quadlet makes no service of the unit, all is as it was before, and the error has the words of the generator.
func (l *Locked) Install(ctx context.Context, name string, unit []byte, replace bool) (*Installed, error) {
	if l.file == nil {
		return nil, fmt.Errorf("installing the unit %s: there is no folder %s", name, l.Dir)
	}
	old, err := l.admit(ctx, name, replace)
	if err != nil {
		return nil, fmt.Errorf("installing the unit %s: %w", name, err)
	}
	unit = marked(name, unit)
	in, err := describe(l.Dir, name, unit)
	if err != nil {
		return nil, fmt.Errorf("installing the unit %s: %w", name, err)
	}
	if err := l.put(ctx, in, unit); err != nil {
		// the context may be the reason; what was there before is put back all the same
		back := l.restore(context.WithoutCancel(ctx), in, old)
		return nil, fmt.Errorf("installing the unit %s: %w", name, errors.Join(err, back))
	}
	return in, l.Forget(name)
}

// marked puts before a unit that it is ours.
func marked(name string, unit []byte) []byte {
	return append([]byte(ownMark+` "paddock quadlet rm `+name+"\" removes it; changes are lost when it is updated or installed again.\n"), unit...)
}

func (l *Locked) put(ctx context.Context, in *Installed, unit []byte) error {
	if err := ioutils.AtomicWriteFile(in.Path, unit, 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", in.Path, err)
	}
	if err := l.Systemctl.DaemonReload(ctx); err != nil {
		return err
	}
	state, err := l.Systemctl.State(ctx, in.Service)
	if err != nil {
		return err
	}
	switch source := cmp.Or(state.Source, state.Fragment); {
	case state.Load == "loaded" && samePath(source, in.Path):
		return nil
	case state.Load == "loaded":
		return claimed(in.Service, source)
	}
	return l.explain(ctx, in, state)
}

// explain says why systemd has no service of a unit.
func (l *Locked) explain(ctx context.Context, in *Installed, state *ServiceState) error {
	generator := l.Generator
	if generator == nil {
		generator = &Generator{User: l.Systemctl.User}
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
func (l *Locked) restore(ctx context.Context, in *Installed, old []byte) error {
	if old != nil {
		if err := ioutils.AtomicWriteFile(in.Path, old, 0o644); err != nil {
			return fmt.Errorf("putting back %s: %w", in.Path, err)
		}
	} else if err := os.Remove(in.Path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("taking back %s: %w", in.Path, err)
	}
	return l.Systemctl.DaemonReload(ctx)
}
