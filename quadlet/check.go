package quadlet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/paddock-dev/paddock/artifacts"
)

// Check says why Install would refuse to install a unit of that name, as far as that can be known without the unit; it changes
// nothing. replace allows to overwrite a unit that paddock installed; without it the error wraps ErrInstalled. A file or a service
// of someone else makes an error that wraps ErrForeign. It needs no lock, and what it finds can change until one is held.
func (i *Installer) Check(ctx context.Context, name string, replace bool) error {
	if _, err := i.admit(ctx, name, replace); err != nil {
		return fmt.Errorf("installing the unit %s: %w", name, err)
	}
	return nil
}

// admit is Check, and returns the unit that is to be replaced; nil if there is none.
func (i *Installer) admit(ctx context.Context, name string, replace bool) (old []byte, err error) {
	old, err = read(i.Dir, name)
	switch {
	case err == nil && !replace:
		return nil, fmt.Errorf("it is %w", ErrInstalled)
	case err != nil && !errors.Is(err, artifacts.ErrNotFound):
		return nil, err
	}
	in := named(i.Dir, name)
	other, err := i.rival(in)
	if err != nil {
		return nil, fmt.Errorf("looking for other units of %s: %w", in.Service, err)
	}
	if other != "" {
		return nil, claimed(in.Service, other)
	}
	if err := i.unclaimed(ctx, in); err != nil {
		return nil, err
	}
	return old, writable(i.Dir)
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
	return claimed(in.Service, cmp.Or(state.Source, state.Fragment))
}

// claimed says whose a service is.
func claimed(service, file string) error {
	return fmt.Errorf("the service %s, of %s, is %w; choose another name", service, file, ErrForeign)
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
