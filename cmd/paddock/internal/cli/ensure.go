package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

type ensureOptions struct {
	name   string
	from   string
	verify bool
	fetch  fetchOptions
}

func ensureCommand(env *Env, run func(context.Context, *Env, *ensureOptions) error) *cli.Command {
	var o ensureOptions
	return &cli.Command{
		Name: "ensure", Usage: "Make sure that a model is there and whole", ArgsUsage: "NAME",
		Description: "Returns at once, without the network, when it is; repairs or pulls it when it is not. Services run it before\n" +
			"they start. A tag that moved since it was pulled is left alone.",
		Flags: append(o.fetch.flags(),
			&cli.StringFlag{Name: "from", Destination: &o.from, Usage: "if it is not there, pull it by the reference `REF`; NAME must pin its digest"},
			&cli.BoolFlag{Name: "verify", Destination: &o.verify, Usage: "read every file and compare it with its digest"}),
		Action: func(c *cli.Context) error {
			if err := exactArgs(c, &o.name); err != nil {
				return err
			}
			if err := errors.Join(o.fetch.check(), o.checkFrom()); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

func runEnsure(ctx context.Context, env *Env, o *ensureOptions) error {
	store, err := env.Store(ctx)
	if err != nil {
		return err
	}
	model, err := findStored(ctx, env, store, o.name)
	switch {
	case errors.Is(err, artifacts.ErrNotFound) && o.from != "":
		name, err := artifacts.ParseName(o.name)
		if err != nil {
			return err
		}
		return fetchPinned(ctx, env, store, o.from, name, name.Digest(), &o.fetch)
	case errors.Is(err, artifacts.ErrNotFound):
		_, err = fetch(ctx, env, store, o.name, &o.fetch)
		return err
	case err != nil:
		return fmt.Errorf("ensuring %s: %w", o.name, err)
	}
	if err := repair(ctx, env, store, model, o); err != nil {
		return fmt.Errorf("ensuring %s: %w", o.name, err)
	}
	return nil
}

// findStored is findOrAdopt of what was typed.
func findStored(ctx context.Context, env *Env, store artifacts.Store, typed string) (*artifacts.Model, error) {
	query, err := storedAs(ctx, env, store, typed)
	if err != nil {
		return nil, err
	}
	return findOrAdopt(ctx, store, query)
}

// findOrAdopt finds a model by name. A name that pins a digest, which the store knows by another name only, is added to
// the store: Podman 5 finds a pinned artifact by exactly that name (libartifact of common 0.67, GetByNameOrDigest).
func findOrAdopt(ctx context.Context, store artifacts.Store, query string) (*artifacts.Model, error) {
	name, err := artifacts.ParseName(query)
	if err != nil || name.Digest() == "" {
		return store.Find(ctx, query)
	}
	model, err := store.Find(ctx, query)
	if errors.Is(err, artifacts.ErrNotFound) {
		model, err = store.Find(ctx, name.Digest().String())
	}
	if err != nil || model.Name == name.String() {
		return model, err
	}
	if err := tag(ctx, store, model, name); err != nil {
		return nil, err
	}
	return store.Find(ctx, query)
}

// tag adds a name to a model of the store.
func tag(ctx context.Context, store artifacts.Store, model *artifacts.Model, name artifacts.Name) error {
	tagger, ok := store.(artifacts.Tagger)
	if !ok {
		return fmt.Errorf("adding the name %s: %w", name, errors.ErrUnsupported)
	}
	return tagger.Tag(ctx, model, name)
}

// repair fetches the blobs of a model that are missing or damaged; from the manifest that the store has, wherever the tag
// points by now.
func repair(ctx context.Context, env *Env, store artifacts.Store, model *artifacts.Model, o *ensureOptions) error {
	checker, ok := store.(artifacts.Checker)
	if !ok {
		return nil // a store without files of its own has nothing to damage
	}
	damage, err := checker.Check(ctx, model, o.verify)
	if err != nil || len(damage) == 0 {
		return err
	}
	for _, d := range damage {
		if !o.fetch.quiet {
			ui.Warning(env.Err, fmt.Sprintf("repairing %s: %s %s", model.Name, d.Digest, d.Problem))
		}
	}
	name, err := artifacts.ParseName(model.Name)
	if err != nil {
		return err
	}
	pinned, err := name.Pinned(model.Digest)
	if err != nil {
		return err
	}
	if err := checker.Discard(ctx, damage); err != nil {
		return err
	}
	// What was unpacked here needs no network, if what it was unpacked from is there.
	if _, err = unpackStored(ctx, env, store, model, &o.fetch.transferOptions); err == nil || ctx.Err() != nil {
		return err
	}
	env.Log().Debug("repairing needs the origin", "model", model.Name, "reason", err)
	if from := originOf(env, model); from != "" {
		return fetchPinned(ctx, env, store, from, name, model.Digest, &o.fetch)
	}
	_, err = fetchAs(ctx, env, store, pinned.String(), name, &o.fetch)
	return err
}
