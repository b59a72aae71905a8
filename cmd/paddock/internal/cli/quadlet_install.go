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
	model   string
	start   bool
	replace bool
	unit    unitOptions
	fetch   fetchOptions
}

func quadletInstallCommand(env *Env, run func(context.Context, *Env, *quadletInstallOptions) error) *cli.Command {
	var o quadletInstallOptions
	return &cli.Command{
		Name: "install", Usage: "Install a model as a service", ArgsUsage: "NAME [-- SERVER-ARGS]",
		Description: "Pulls the model if it is missing, pins its digest in the store, writes the unit, and makes systemd read it. What\n" +
			"follows -- is passed to the server. A password given by --creds is not written into the unit.",
		Flags: joinFlags(o.unit.flags(), []cli.Flag{
			&cli.BoolFlag{Name: "start", Destination: &o.start, Usage: "start the service, and return when it answers; with --on-demand, let it be started"},
			&cli.BoolFlag{Name: "replace", Destination: &o.replace, Usage: "replace a unit of the same name that paddock installed"},
		}, o.fetch.flags()),
		Action: func(c *cli.Context) error {
			if err := exactArgsBefore(c, &o.unit.workload.serverArgs, &o.model); err != nil {
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
	opts, err := o.unit.options(env)
	if err != nil {
		return err
	}
	units, err := installer(ctx, env)
	if err != nil {
		return err
	}
	if _, err := reach(ctx, env, opts); err != nil {
		return err
	}
	if err := checkSecrets(ctx, env, opts); err != nil {
		return err
	}
	store, err := env.Store(ctx)
	if err != nil {
		return err
	}
	o.fetch.admit = func(m *artifacts.Model) error { return checkInstall(ctx, env, units, m, opts, o) }
	o.fetch.weigh = weigherUnit(env, opts)
	model, err := findOrFetch(ctx, env, store, o.model, &o.fetch)
	if err != nil {
		return err
	}
	model, opts = prepare(ctx, env, store, model, opts)
	spec, set, err := unitFor(ctx, env, model, opts, &o.unit, &o.fetch.origin)
	if err != nil {
		return err
	}
	if err := checkTaken(ctx, env, units, spec, set); err != nil {
		return err
	}
	installed, err := installPinned(ctx, env, store, units, &pinnedUnit{model: model, set: set, replace: o.replace})
	if err != nil {
		return err
	}
	if err := ui.Text(env.Out, installed.Path); err != nil {
		return err
	}
	warnLinger(env, units)
	warnGroups(ctx, env, units, &spec.Access)
	warnProxy(env, units, installed)
	return startInstalled(ctx, env, units, installed, o.start)
}

// startInstalled starts a service, or says how that is done.
func startInstalled(ctx context.Context, env *Env, units *quadlet.Installer, in *quadlet.Installed, start bool) error {
	switch {
	case !start && in.Pod != "":
		ui.Note(env.Err, "start it, with all that is in its pod, by: "+systemctl(units, "restart", in.PodService()))
		return nil
	case !start && in.Socket() != "":
		ui.Note(env.Err, "let it be started on demand by: "+systemctl(units, "start", in.Socket()))
		return nil
	case !start:
		ui.Note(env.Err, "start it by: "+systemctl(units, "start", in.Service))
		return nil
	}
	err := units.StartHeard(ctx, in)
	var failed *quadlet.StartError
	if errors.As(err, &failed) {
		err = fmt.Errorf("starting %s, which stays installed: %w%s", in.Name, err, reasonIn(failed.Said))
		return WithHint(err, journal(units, in.Service))
	}
	return err
}
