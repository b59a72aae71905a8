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

type quadletUpdateOptions struct {
	names  []string
	all    bool
	dryRun bool
	fetch  fetchOptions
}

func quadletUpdateCommand(env *Env, run func(context.Context, *Env, *quadletUpdateOptions) error) *cli.Command {
	var o quadletUpdateOptions
	return &cli.Command{
		Name: "update", Usage: "Move services to what their models and images are by now", ArgsUsage: "NAME...",
		Description: "Asks where the model came from, as pull does, and for the image, writes the unit anew with the options that it was\n" +
			"installed with, and restarts the service. If it does not become healthy, it is rolled back: the exit status is 1\n" +
			"then. A service that is up to date is not restarted, one that is stopped is not started.",
		Flags: joinFlags([]cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Destination: &o.all, Usage: "update every service that paddock installed"},
			&cli.BoolFlag{Name: "dry-run", Destination: &o.dryRun, Usage: "print what would change, and do nothing"},
		}, o.fetch.transferOptions.flags(), []cli.Flag{o.fetch.localFlag()}),
		Action: func(c *cli.Context) error {
			typed := allArgs(c)
			switch {
			case o.all && len(typed) > 0:
				return usagef("update takes NAME... or --all, got both")
			case !o.all && len(typed) == 0:
				return usagef("update takes NAME... or --all, got neither")
			}
			var err error
			if o.names, err = unitNames(typed); err != nil {
				return err
			}
			if err := o.fetch.check(); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

func runQuadletUpdate(ctx context.Context, env *Env, o *quadletUpdateOptions) error {
	units, err := installer(ctx, env)
	if err != nil {
		return err
	}
	store, err := env.Store(ctx)
	if err != nil {
		return err
	}
	names := o.names
	var failed []error
	if o.all {
		all, err := units.List()
		failed = append(failed, err)
		for _, u := range all {
			names = append(names, u.Name)
		}
		if len(names) == 0 && err == nil {
			ui.Note(env.Err, "there is no service to update")
		}
	}
	for _, name := range names {
		u := &serviceUpdate{units: units, store: store, o: o}
		if err := u.run(ctx, env, name); err != nil {
			failed = append(failed, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failed...)
}

// serviceUpdate is the update of one service.
type serviceUpdate struct {
	units *quadlet.Installer
	store artifacts.Store
	o     *quadletUpdateOptions
	// env has the settings as the service was installed with them.
	env *Env

	old    *quadlet.Installed
	oldSet *quadlet.Set
	model  *artifacts.Model // nil where a dry run cannot know it
	set    *quadlet.Set     // nil, too, then
	image  *unitImage
}

func (u *serviceUpdate) run(ctx context.Context, env *Env, name string) (err error) {
	if !u.o.dryRun {
		if err := u.settle(ctx, env, name); err != nil {
			return err
		}
	}
	if u.oldSet, u.old, err = u.units.Read(name); err != nil {
		return hintNoService(fmt.Errorf("updating %s: %w", name, err))
	}
	install, err := u.installed(ctx, env)
	if err != nil {
		return fmt.Errorf("updating %s: %w", name, err)
	}
	if err := u.find(ctx, install); err != nil {
		return fmt.Errorf("updating %s: %w", name, err)
	}
	changes := u.changes()
	if len(changes) == 0 {
		ui.Note(env.Err, name+" is up to date")
		return nil
	}
	if !u.o.dryRun {
		if err := u.apply(ctx); err != nil {
			return err
		}
	}
	return ui.Text(env.Out, name+": "+joinChanges(changes))
}

// settle ends an update of the service that was cut off.
func (u *serviceUpdate) settle(ctx context.Context, env *Env, name string) (err error) {
	locked, err := lockUnits(ctx, env, u.units, false)
	if err != nil {
		return fmt.Errorf("updating %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, locked.Unlock()) }()
	before, err := locked.Kept(name)
	if err != nil || before == nil {
		return err
	}
	ui.Note(env.Err, "an update of "+name+" was cut off: it is brought to its end")
	gone, err := locked.Settle(ctx, name)
	err = explainRollback(u.units, name, err)
	if gone != nil {
		err = errors.Join(err, unpin(context.WithoutCancel(ctx), u.store, locked, gone))
	}
	return err
}

// find makes the unit that install would write by now.
func (u *serviceUpdate) find(ctx context.Context, install *quadletInstallOptions) error {
	opts, err := install.unit.options(u.env)
	if err != nil {
		return err
	}
	if _, err := reach(ctx, u.env, opts); err != nil {
		return err
	}
	if err := checkSecrets(ctx, u.env, opts); err != nil {
		return err
	}
	fetch := u.o.fetch
	fetch.origin = fetch.origin.over(&install.fetch.origin)
	fetch.weigh = weigherUnit(u.env, opts)
	fetch.admit = func(m *artifacts.Model) error {
		if undecided(m) {
			return nil
		}
		_, _, err := unitFor(ctx, u.env, m, opts, &install.unit, &install.fetch.origin)
		return err
	}
	if u.model, err = u.newest(ctx, &fetch); err != nil {
		return err
	}
	if u.model == nil {
		return nil
	}
	model, opts := prepare(ctx, u.env, u.store, u.model, opts)
	spec, set, err := unitFor(ctx, u.env, model, opts, &install.unit, &install.fetch.origin)
	if err != nil {
		return err
	}
	u.set = set
	u.image, err = u.findImage(ctx, spec.Image)
	return err
}

// apply changes the service, under the lock: nobody may take the new pin for unneeded before its unit is there.
func (u *serviceUpdate) apply(ctx context.Context) (err error) {
	name := u.old.Name
	locked, err := lockUnits(ctx, u.env, u.units, false)
	if err != nil {
		return fmt.Errorf("updating %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, locked.Unlock()) }()
	if now, _, err := locked.Read(name); err != nil || !quadlet.Same(now, u.oldSet) {
		return errors.Join(fmt.Errorf("updating %s: its unit was changed meanwhile", name), err)
	}
	pinned, err := pinnedName(u.model)
	if err != nil {
		return err
	}
	if _, err := findOrAdopt(ctx, u.store, pinned.String()); err != nil {
		return fmt.Errorf("pinning %s: %w", nameOrDigest(u.model), err)
	}
	gone := u.old
	change := &quadlet.Change{Set: u.set}
	if u.image.moved() {
		change.ImageID = u.image.before
	}
	_, err = locked.Switch(ctx, change)
	if err != nil {
		err = explainRollback(u.units, name, err)
		gone = &quadlet.Installed{Model: u.model.Name, Source: pinned.String()}
	}
	return errors.Join(err, unpin(context.WithoutCancel(ctx), u.store, locked, gone))
}
