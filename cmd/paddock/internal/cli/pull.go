package cli

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

type pullOptions struct {
	reference string
	tag       string
	fetch     fetchOptions
}

func pullCommand(env *Env, run func(context.Context, *Env, *pullOptions) error) *cli.Command {
	var o pullOptions
	return &cli.Command{
		Name: "pull", Usage: "Pull a model into Podman's storage", ArgsUsage: "REF",
		Description: "Prints the name and the digest of what landed: an artifact in Podman's artifact store, an image that carries\n" +
			"a model among Podman's images. A tag that moved is updated. A pull that was interrupted\n" +
			"continues where it stopped.",
		Flags: append(o.fetch.flags(),
			&cli.StringFlag{Name: "tag", Aliases: []string{"t"}, Destination: &o.tag, Usage: "keep the model under `NAME` instead of its own"}),
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
	var as artifacts.Name
	if o.tag != "" {
		var err error
		if as, err = localTag(o.tag); err != nil {
			return asUsage(fmt.Errorf("--tag: %w", err))
		}
	}
	store, err := env.Store(ctx)
	if err != nil {
		return err
	}
	model, err := fetchAs(ctx, env, store, o.reference, as, &o.fetch)
	if err != nil {
		return err
	}
	return ui.Text(env.Out, model.Name+" "+model.Digest.String())
}
