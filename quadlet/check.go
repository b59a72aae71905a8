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

// Check says why Install would refuse to install a set, as far as that can be known; of one that is not rendered yet only the name
// is needed. It changes nothing. replace allows to overwrite a unit that paddock installed; without it the error wraps ErrInstalled. A
// file or a service of someone else makes an error that wraps ErrForeign. It needs no lock, and what it finds can change until one is
// held.
func (i *Installer) Check(ctx context.Context, set *Set, replace bool) error {
	if _, err := i.admit(ctx, set, replace); err != nil {
		return fmt.Errorf("installing the unit %s: %w", set.Name, err)
	}
	return nil
}

// admit is Check, and returns what is to be replaced; nil if there is nothing.
func (i *Installer) admit(ctx context.Context, set *Set, replace bool) (old *Set, err error) {
	old, _, err = i.Read(set.Name)
	switch {
	case old != nil && !replace:
		return nil, fmt.Errorf("it is %w", ErrInstalled)
	case err != nil && !errors.Is(err, artifacts.ErrNotFound) && !errors.Is(err, errBroken):
		return nil, err
	}
	var in *Installed
	if set.Unit != nil {
		if in, err = describe(i.Dir, set.Name, set.Unit); err != nil {
			return nil, err
		}
	}
	if err := i.together(ctx, set.Name, in); err != nil {
		return nil, err
	}
	for _, f := range set.Files() {
		if err := i.free(ctx, f.Name); err != nil {
			return nil, err
		}
	}
	if in != nil {
		if err := i.admitPorts(in); err != nil {
			return nil, err
		}
	}
	return old, writable(i.Dir)
}

// free fails if a file, or its service, is someone else's.
func (i *Installer) free(ctx context.Context, file string) error {
	path := i.path(file)
	if _, err := readOwn(path); err != nil && !errors.Is(err, artifacts.ErrNotFound) {
		return err
	}
	service, err := serviceOfFile(path)
	if err != nil {
		return err
	}
	other, err := i.rival(service, path)
	if err != nil {
		return fmt.Errorf("looking for other units of %s: %w", service, err)
	}
	if other != "" {
		return claimed(service, other)
	}
	return i.unclaimed(ctx, service, path)
}

// unclaimed fails if the service is someone else's: a generated one goes before those of packages, in /usr/lib/systemd, and would
// take their place.
func (i *Installer) unclaimed(ctx context.Context, service, path string) error {
	state, err := i.Systemctl.State(ctx, service)
	if err != nil {
		return err
	}
	source := cmp.Or(state.Source, state.Fragment)
	if source == "" || samePath(source, path) {
		return nil
	}
	return claimed(service, source)
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
