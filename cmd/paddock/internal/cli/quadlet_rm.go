package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/quadlet"
)

type quadletRmOptions struct {
	names  []string
	ignore bool
}

func quadletRmCommand(env *Env, run func(context.Context, *Env, *quadletRmOptions) error) *cli.Command {
	var o quadletRmOptions
	return &cli.Command{
		Name: "rm", Aliases: []string{"remove"}, Usage: "Stop and remove services that paddock installed", ArgsUsage: "NAME...",
		Description: "The model stays in the store under the name that it was pulled by.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "ignore", Aliases: []string{"i"}, Destination: &o.ignore, Usage: "a service that is not there is no error"},
		},
		Action: func(c *cli.Context) error {
			typed := allArgs(c)
			if len(typed) == 0 {
				return usagef("rm takes NAME..., got none")
			}
			var err error
			if o.names, err = unitNames(typed); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

func runQuadletRm(ctx context.Context, env *Env, o *quadletRmOptions) (err error) {
	units, err := installer(ctx, env)
	if err != nil {
		return err
	}
	store, err := env.Store(ctx)
	if err != nil {
		return err
	}
	locked, err := lockUnits(ctx, env, units, false)
	if err != nil {
		return fmt.Errorf("removing units: %w", err)
	}
	defer func() { err = errors.Join(err, locked.Unlock()) }()
	var failed, inUse []error
	names := o.names
	for before := 0; len(names) != before; { // what was in use may not be any more
		before, inUse = len(names), nil
		var later []string
		for _, name := range names {
			err := removeService(ctx, env, store, locked, name)
			switch {
			case errors.Is(err, quadlet.ErrInUse):
				later, inUse = append(later, name), append(inUse, err)
			case !o.ignore || !errors.Is(err, artifacts.ErrNotFound):
				failed = append(failed, err)
			}
		}
		names = later
	}
	return errors.Join(append(failed, inUse...)...)
}

// removeService removes a service, and the pins that it alone needs.
func removeService(ctx context.Context, env *Env, store artifacts.Store, locked *quadlet.Locked, name string) error {
	cutOff, err := locked.Kept(name)
	if err != nil { // the service can go all the same
		ui.Warning(env.Err, fmt.Sprintf("the model of an update of %s that was cut off may stay: %v", name, err))
	}
	removed, err := locked.Remove(ctx, name)
	if removed != nil { // be it that systemd does not know
		err = errors.Join(err, unpin(ctx, store, locked, removed))
		if cutOff != nil {
			err = errors.Join(err, unpin(ctx, store, locked, cutOff))
		}
		if _, err := os.Stat(removed.Path + ".d"); err == nil {
			ui.Note(env.Err, "your drop-ins stay, for the next service of that name: "+removed.Path+".d")
		}
	}
	if err != nil {
		return err
	}
	return ui.Text(env.Out, name)
}
