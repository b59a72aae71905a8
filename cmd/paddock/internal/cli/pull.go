package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

type pullOptions struct {
	reference string
	fetch     fetchOptions
}

func pullCommand(env *Env, run func(context.Context, *Env, *pullOptions) error) *cli.Command {
	var o pullOptions
	return &cli.Command{
		Name: "pull", Usage: "Pull a model into Podman's storage", ArgsUsage: "REF",
		Description: "Prints the name and the digest of what landed: an artifact in Podman's artifact store, an image that carries\n" +
			"a model among Podman's images. A tag that moved is updated. A pull that was interrupted\n" +
			"continues where it stopped.",
		Flags: o.fetch.flags(),
		Action: func(c *cli.Context) error {
			if err := exactArgs(c, &o.reference); err != nil {
				return err
			}
			if err := o.fetch.check(); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

func runPull(ctx context.Context, env *Env, o *pullOptions) error {
	store, err := env.Store(ctx)
	if err != nil {
		return err
	}
	model, err := fetch(ctx, env, store, o.reference, &o.fetch)
	if err != nil {
		return err
	}
	return ui.Text(env.Out, model.Name+" "+model.Digest.String())
}
