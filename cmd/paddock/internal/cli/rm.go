package cli

import (
	"context"
	"errors"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

type rmOptions struct {
	names  []string
	all    bool
	ignore bool
}

func rmCommand(env *Env, run func(context.Context, *Env, *rmOptions) error) *cli.Command {
	var o rmOptions
	return &cli.Command{
		Name: "rm", Aliases: []string{"remove"}, Usage: "Remove models from Podman's storage", ArgsUsage: "NAME...",
		Description: "Content that another name uses stays. The exit status is 0 only if every name is gone.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Destination: &o.all, Usage: "remove every model, whoever pulled it"},
			&cli.BoolFlag{Name: "ignore", Aliases: []string{"i"}, Destination: &o.ignore, Usage: "a name that is not there is no error"},
		},
		Action: func(c *cli.Context) error {
			o.names = allArgs(c)
			switch {
			case o.all && len(o.names) > 0:
				return usagef("rm takes NAME... or --all, not both")
			case !o.all && len(o.names) == 0:
				return usagef("rm takes NAME..., got none")
			case slices.Contains(o.names, ""):
				return usagef("rm takes NAME..., got an empty argument")
			}
			return run(c.Context, env, &o)
		},
	}
}

func runRm(ctx context.Context, env *Env, o *rmOptions) error {
	store, err := env.Store(ctx)
	if err != nil {
		return err
	}
	names := o.names
	if o.all {
		if names, err = everyName(ctx, store); err != nil {
			return err
		}
	}
	var failed []error
	for _, n := range names {
		if err := removeOne(ctx, env, store, n, o.ignore || o.all); err != nil {
			failed = append(failed, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failed...)
}

// everyName lists what to remove for --all: the names, and the digests of entries that lost theirs.
func everyName(ctx context.Context, store artifacts.Store) ([]string, error) {
	models, err := store.List(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, m := range models {
		names = append(names, nameOrDigest(m))
	}
	return names, nil
}

// removeOne removes a name and prints it. With ignore a name that is not there, as when another process was quicker, is
// no error and prints nothing.
func removeOne(ctx context.Context, env *Env, store artifacts.Store, name string, ignore bool) error {
	query, err := storedAs(ctx, env, store, name)
	if err == nil {
		err = store.Remove(ctx, query)
	}
	switch {
	case ignore && errors.Is(err, artifacts.ErrNotFound):
		return nil
	case err != nil:
		return hintMissing(err)
	}
	return ui.Text(env.Out, name)
}
