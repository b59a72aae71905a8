package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/quadlet"
)

// lockUnits takes the lock under which units change together with their pins.
func lockUnits(ctx context.Context, env *Env, units *quadlet.Installer, create bool) (*quadlet.Locked, error) {
	return units.Lock(ctx, &quadlet.LockOptions{Create: create, Wait: func(reason string) {
		if reason != "" {
			ui.Note(env.Err, reason)
		}
	}})
}

// pinnedUnit is a unit that needs the pin of a model.
type pinnedUnit struct {
	model   *artifacts.Model
	set     *quadlet.Set
	replace bool
}

// installPinned pins the model in the store, then installs the unit that names the pin. If that fails, so that no unit needs
// the pin, the pin is taken back; so is the pin of a unit that was replaced. All of it is done under the lock: a removal would
// take a pin for unneeded whose unit is yet to be written.
func installPinned(ctx context.Context, env *Env, store artifacts.Store, units *quadlet.Installer, u *pinnedUnit) (in *quadlet.Installed, err error) {
	pinned, err := pinnedName(u.model)
	if err != nil {
		return nil, err
	}
	locked, err := lockUnits(ctx, env, units, true)
	if err != nil {
		return nil, fmt.Errorf("installing the unit %s: %w", u.set.Name, err)
	}
	defer func() { err = errors.Join(err, locked.Unlock()) }()
	_, before, err := locked.Read(u.set.Name)
	if err != nil {
		before = &quadlet.Installed{} // Install says what is wrong, if anything is
	}
	if _, err := findOrAdopt(ctx, store, pinned.String()); err != nil {
		return nil, fmt.Errorf("pinning %s: %w", nameOrDigest(u.model), err)
	}
	cutOff, err := locked.Kept(u.set.Name)
	if err != nil {
		return nil, err
	}
	in, err = locked.Install(ctx, u.set, u.replace)
	if err != nil {
		mine := &quadlet.Installed{Model: u.model.Name, Source: pinned.String()}
		return nil, errors.Join(hintInstalled(err), unpin(context.WithoutCancel(ctx), store, locked, mine))
	}
	err = unpin(ctx, store, locked, before)
	if cutOff != nil {
		err = errors.Join(err, unpin(ctx, store, locked, cutOff))
	}
	return in, err
}

// hintInstalled adds what to do about a name that is taken.
func hintInstalled(err error) error {
	if errors.Is(err, quadlet.ErrInstalled) {
		return WithHint(err, "use --replace, or another --name")
	}
	return err
}

// unpin removes the pin of a unit that is gone, unless another unit needs it, or a person pulled the model by that name.
func unpin(ctx context.Context, store artifacts.Store, units *quadlet.Locked, gone *quadlet.Installed) error {
	pin := gone.Source
	if pin == "" || pin == gone.Model {
		return nil
	}
	if used, err := units.Uses(pin); err != nil || used {
		return err
	}
	model, err := store.Find(ctx, pin)
	switch {
	case errors.Is(err, artifacts.ErrNotFound):
		return nil
	case err != nil:
		return err
	case model.Name != pin:
		return nil // found by its digest under a name that a person pulled it by
	}
	return store.Remove(ctx, pin)
}
