package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

type quadletGenerateOptions struct {
	model  string
	unit   unitOptions
	origin originOptions
}

func quadletGenerateCommand(env *Env, run func(context.Context, *Env, *quadletGenerateOptions) error) *cli.Command {
	var o quadletGenerateOptions
	return &cli.Command{
		Name: "generate", Usage: "Print the unit of a model in the store, and do nothing", ArgsUsage: "NAME [-- SERVER-ARGS]",
		Flags: joinFlags(o.unit.flags(), o.origin.flags()),
		Action: func(c *cli.Context) error {
			if err := exactArgsBefore(c, &o.unit.workload.serverArgs, &o.model); err != nil {
				return err
			}
			if err := o.origin.check(); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

func runQuadletGenerate(ctx context.Context, env *Env, o *quadletGenerateOptions) error {
	opts, err := o.unit.options(env)
	if err != nil {
		return err
	}
	if _, err := reach(ctx, env, opts); err != nil {
		return err
	}
	if _, err := quadletPodman(ctx, env); err != nil {
		return err
	}
	store, model, err := storedModel(ctx, env, o.model, "generating a unit for")
	if err != nil {
		return err
	}
	model, opts = prepare(ctx, env, store, model, opts)
	_, set, err := unitFor(ctx, env, model, opts, &o.unit, &o.origin)
	if err != nil {
		return hintUnpack(err, model)
	}
	return ui.Text(env.Out, set.String())
}
