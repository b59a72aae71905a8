package cli

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
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
			if o.names = allArgs(c); len(o.names) == 0 {
				return usagef("rm takes NAME..., got none")
			}
			return run(c.Context, env, &o)
		},
	}
}

func runQuadletRm(ctx context.Context, env *Env, o *quadletRmOptions) error {
	units, err := installer(ctx, env)
	if err != nil {
		return err
	}
	store, err := env.Store(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, name := range o.names {
		removed, err := units.Remove(ctx, name)
		if o.ignore && errors.Is(err, artifacts.ErrNotFound) {
			continue
		}
		if err == nil {
			err = unpin(ctx, store, units, removed)
		}
		if err == nil {
			err = ui.Text(env.Out, name)
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}
