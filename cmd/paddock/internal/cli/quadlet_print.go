package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

func quadletPrintCommand(env *Env, run func(context.Context, *Env, string) error) *cli.Command {
	var name string
	return &cli.Command{
		Name: "print", Usage: "Print the units of a service that paddock installed", ArgsUsage: "NAME",
		Action: func(c *cli.Context) error {
			if err := exactArgs(c, &name); err != nil {
				return err
			}
			name, err := unitName(name)
			if err != nil {
				return err
			}
			return run(c.Context, env, name)
		},
	}
}

func runQuadletPrint(ctx context.Context, env *Env, name string) error {
	units, err := installer(ctx, env)
	if err != nil {
		return err
	}
	set, _, err := units.Read(name)
	if set == nil {
		return err
	}
	return ui.Text(env.Out, set.String())
}
