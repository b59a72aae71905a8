package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/quadlet"
)

type quadletInstallOptions struct {
	model    string
	start    bool
	replace  bool
	workload workloadOptions
	fetch    fetchOptions
}

func quadletInstallCommand(env *Env, run func(context.Context, *Env, *quadletInstallOptions) error) *cli.Command {
	var o quadletInstallOptions
	return &cli.Command{
		Name: "install", Usage: "Install a model as a service", ArgsUsage: "NAME",
		Description: "Pulls the model if it is missing, pins its digest in the store, writes the unit, and makes systemd read it. What\n" +
			"follows -- is passed to the server. A password given by --creds is not written into the unit.",
		Flags: joinFlags(o.workload.flags(), []cli.Flag{
			&cli.BoolFlag{Name: "start", Destination: &o.start, Usage: "start the service, and return when it answers"},
			&cli.BoolFlag{Name: "replace", Destination: &o.replace, Usage: "replace a unit of the same name that paddock installed"},
		}, o.fetch.flags()),
		Action: func(c *cli.Context) error {
			if err := exactArgsBefore(c, &o.workload.serverArgs, &o.model); err != nil {
				return err
			}
			if err := o.fetch.check(); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

func runQuadletInstall(ctx context.Context, env *Env, o *quadletInstallOptions) error {
	opts, err := o.workload.options(env)
	if err != nil {
		return err
	}
	units, err := installer(ctx, env)
	if err != nil {
		return err
	}
	store, err := env.Store(ctx)
	if err != nil {
		return err
	}
	model, err := findOrFetch(ctx, env, store, o.model, &o.fetch)
	if err != nil {
		return err
	}
	name, unit, err := unitFor(ctx, env, model, opts, &o.fetch.origin)
	if err != nil {
		return err
	}
	installed, err := installPinned(ctx, store, units, model, name, unit, o.replace)
	if err != nil {
		return err
	}
	if err := ui.Text(env.Out, installed.Path); err != nil {
		return err
	}
	warnLinger(env, units)
	if !o.start {
		ui.Note(env.Err, "start it by: "+systemctl(units, "start", installed.Service))
		return nil
	}
	if err := units.Systemctl.Restart(ctx, installed.Service); err != nil {
		return WithHint(err, journal(units, installed.Service))
	}
	return nil
}

// installPinned pins the model in the store, then installs the unit that names the pin. If that fails, so that no unit needs
// the pin, the pin is taken back; so is the pin of a unit that was replaced.
func installPinned(ctx context.Context, store artifacts.Store, units *quadlet.Installer, model *artifacts.Model, name string, unit []byte, replace bool) (*quadlet.Installed, error) {
	pinned, err := pinnedName(model)
	if err != nil {
		return nil, err
	}
	_, before, err := units.Read(name)
	if err != nil {
		before = &quadlet.Installed{} // Install says what is wrong, if anything is
	}
	if _, err := findOrAdopt(ctx, store, pinned.String()); err != nil {
		return nil, fmt.Errorf("pinning %s: %w", nameOrDigest(model), err)
	}
	installed, err := units.Install(ctx, name, unit, replace)
	if errors.Is(err, quadlet.ErrInstalled) {
		err = WithHint(err, "use --replace, or another --name")
	}
	if err != nil {
		mine := &quadlet.Installed{Model: model.Name, Source: pinned.String()}
		return nil, errors.Join(err, unpin(context.WithoutCancel(ctx), store, units, mine))
	}
	return installed, unpin(ctx, store, units, before)
}

// unpin removes the pin of a unit that is gone, unless another unit needs it, or a person pulled the model by that name.
func unpin(ctx context.Context, store artifacts.Store, units *quadlet.Installer, gone *quadlet.Installed) error {
	pin := gone.Source
	if pin == "" || pin == gone.Model {
		return nil
	}
	all, err := units.List()
	if err != nil {
		return err // a unit that cannot be read may need it
	}
	for _, u := range all {
		if u.Source == pin {
			return nil
		}
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
