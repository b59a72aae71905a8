package cli

import (
	"context"
	"errors"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

type pruneOptions struct {
	age    *time.Duration
	dryRun bool
}

func pruneCommand(env *Env, run func(context.Context, *Env, *pruneOptions) error) *cli.Command {
	var o pruneOptions
	return &cli.Command{
		Name: "prune", Usage: "Remove what interrupted pulls left",
		Description: "Prints the digest of each blob that is removed, and the space that is free then. The next pull of such a blob\n" +
			"starts over. What a running pull works on stays, and so do the models themselves.",
		Flags: []cli.Flag{
			optionalDurationFlag(&o.age, "", "remove only that to which nothing came for `DURATION`, such as 12h or 7d", "age"),
			&cli.BoolFlag{Name: "dry-run", Destination: &o.dryRun, Usage: "print what would be removed, and remove nothing"},
		},
		Action: func(c *cli.Context) error {
			if err := noArgs(c); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

func runPrune(ctx context.Context, env *Env, o *pruneOptions) error {
	pruner, err := able[artifacts.Pruner](ctx, env, "pruning")
	if err != nil {
		return err
	}
	opts := &artifacts.PruneOptions{DryRun: o.dryRun}
	if o.age != nil {
		opts.Age = *o.age
	}
	downloads, err := pruner.Prune(ctx, opts)
	return errors.Join(err, showPruned(env, downloads, o.dryRun))
}

// showPruned prints what is gone in the words of podman system prune.
func showPruned(env *Env, downloads []artifacts.Download, dryRun bool) error {
	var total int64
	for _, d := range downloads {
		total += d.Allocated
		if err := ui.Text(env.Out, d.Digest.String()); err != nil {
			return err
		}
	}
	words := "Total reclaimed space: "
	if dryRun {
		words = "Total reclaimable space: "
	}
	return ui.Text(env.Out, words+ui.Size(total))
}
