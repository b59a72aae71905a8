package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

type copyOptions struct {
	src, dest string
	format    string
	send      sendOptions
	now       func() time.Time // nil: time.Now
}

func copyCommand(env *Env, run func(context.Context, *Env, *copyOptions) error) *cli.Command {
	var o copyOptions
	return &cli.Command{
		Name: "copy", Usage: "Copy a model from its origin to a registry or a folder", ArgsUsage: "SRC DEST",
		Description: "SRC is a reference as for pull, DEST a name in a registry, oci:FOLDER[:TAG] or dir:FOLDER. The model passes through and\n" +
			"is not stored here. What DEST has already is not sent. Of an index, one manifest is copied, as pull takes it.",
		Flags: append(o.send.flags(), &cli.StringFlag{Name: "format", Aliases: []string{"f"}, Destination: &o.format,
			Usage: "describe the model in the packaging `FORMAT`: modelpack or docker (default: as it is)"}),
		Action: func(c *cli.Context) error {
			if err := exactArgs(c, &o.src, &o.dest); err != nil {
				return err
			}
			if o.format != "" && o.format != string(packaging.ModelPack) && o.format != string(packaging.Docker) {
				return usagef("unknown packaging %q: want modelpack or docker", o.format)
			}
			if err := o.send.check(); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

func runCopy(ctx context.Context, env *Env, o *copyOptions) error {
	local := localDestination(o.dest)
	dest, err := artifacts.Name{}, error(nil)
	switch {
	case !local:
		if dest, err = destination(o.dest); err != nil {
			err = WithHint(err, "DEST is the name of a model in a registry, oci:PATH[:REF] or dir:PATH")
		}
	case o.send.sign.Wanted():
		err = usagef("only what is in a registry can be signed, not %q", o.dest)
	default:
		err = checkFolder(o.dest)
	}
	if err != nil {
		return err
	}
	origin := o.send.origin
	origin.say = func(text string) { ui.Note(env.Err, text) } // else nobody misses what is left behind
	resolver, err := env.Resolver(&origin)
	if err != nil {
		return err
	}
	plan, err := resolver.Resolve(ctx, o.src)
	if err != nil {
		return hintFetch(naming(o.src, err), o.src, &o.send.origin)
	}
	if plan, err = identify(ctx, env, plan); err != nil {
		return hintFetch(fmt.Errorf("reading %s: %w", o.src, err), o.src, &o.send.origin)
	}
	if plan, err = repack(ctx, env, plan, packaging.Format(o.format)); err != nil {
		return err
	}
	if local {
		return o.toFolder(ctx, env, plan)
	}
	r, err := env.Registry(&o.send.origin)
	if err != nil {
		return err
	}
	defer r.Close()
	has := func(digest.Digest) []artifacts.Name { return []artifacts.Name{plan.Name} }
	if err := o.send.send(ctx, env, r, plan, dest, has); err != nil {
		return err
	}
	return ui.Text(env.Out, dest.String()+" "+plan.Digest.String())
}

// repack describes a plan anew, if another packaging is wanted than it has. The blobs are the same.
func repack(ctx context.Context, env *Env, plan *artifacts.Plan, to packaging.Format) (*artifacts.Plan, error) {
	if to == "" {
		return plan, nil
	}
	at := newRemotePlan(plan)
	model := at.model(ctx)
	if model.Packaging.Format == to {
		return plan, nil
	}
	model = corrected(ctx, env, at, model)
	meta, err := metaOf(ctx, at, model)
	if err != nil {
		return nil, fmt.Errorf("reading the headers of %s: %w", plan.Name, err)
	}
	manifest, config, err := packaging.Repack(&model.Packaging, to, meta)
	if err != nil {
		return nil, WithHint(fmt.Errorf("describing %s as %s: %w", plan.Name, to, err), "copy it without --format")
	}
	return replan(plan, manifest, config)
}

// localDestination says whether a destination is a folder, as containers-transports(5) writes it.
func localDestination(dest string) bool {
	return strings.HasPrefix(dest, "oci:") && !strings.HasPrefix(dest, "oci://") || strings.HasPrefix(dest, "dir:")
}
