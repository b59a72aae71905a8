package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/config"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/transports/source"
)

// fetchOptions are those of every command that may pull.
type fetchOptions struct {
	transferOptions
	noLocal types.OptionalBool
	// admit refuses a model by what its manifest says of it, before any weight is pulled; nil admits every one.
	admit func(*artifacts.Model) error
	// weigh says what is to be known of a model's size before it is pulled; nil says nothing.
	weigh func(context.Context, *artifacts.Plan, *artifacts.Model)
}

func (o *fetchOptions) flags() []cli.Flag {
	return joinFlags(o.transferOptions.flags(), []cli.Flag{
		stringsFlag(&o.origin.include, "of a repository of files, take those that match `GLOB` instead of the usual ones", "include"),
		stringsFlag(&o.origin.exclude, "of a repository of files, leave out those that match `GLOB`", "exclude"),
		o.localFlag(),
	})
}

func (o *fetchOptions) localFlag() cli.Flag {
	return optionalBoolFlag(&o.noLocal, "fetch everything, also what other tools on this machine have fetched already", "no-local")
}

// override puts the flags over the settings.
func (o *fetchOptions) override(cfg *config.Config) error {
	if err := cfg.Pull.Jobs.Override(o.jobs, "--jobs"); err != nil {
		return asUsage(err)
	}
	if o.noLocal == types.OptionalBoolUndefined {
		return nil
	}
	local := o.noLocal == types.OptionalBoolFalse
	return cfg.Pull.Local.Override(&local, "--no-local")
}

// fetch pulls a model: resolves the reference, and lands what the store lacks.
func fetch(ctx context.Context, env *Env, store artifacts.Store, reference string, o *fetchOptions) (*artifacts.Model, error) {
	return fetchAs(ctx, env, store, reference, artifacts.Name{}, o)
}

// fetchAs is fetch under another name than the reference's own; the zero Name is its own.
func fetchAs(ctx context.Context, env *Env, store artifacts.Store, reference string, as artifacts.Name, o *fetchOptions) (*artifacts.Model, error) {
	cfg, err := env.Config()
	if err != nil {
		return nil, err
	}
	if err := o.override(cfg); err != nil {
		return nil, err
	}
	origin := o.origin
	origin.store = store
	origin.say = func(text string) { ui.Note(env.Err, text) }
	resolver, err := env.Resolver(&origin)
	if err != nil {
		return nil, err
	}
	plan, err := resolver.Resolve(ctx, reference)
	if err != nil {
		return nil, hintFetch(naming(reference, err), reference, &o.origin)
	}
	if err := o.admitted(ctx, plan); err != nil {
		return nil, err
	}
	if !as.IsZero() {
		plan.Name = as
	}
	model, err := o.land(ctx, env, store, plan, reference)
	if err != nil {
		return nil, hintFetch(naming(reference, err), reference, &o.origin)
	}
	return model, nil
}

// land lands a plan, and remembers of files on this machine where they were.
func (o *fetchOptions) land(ctx context.Context, env *Env, store artifacts.Store, plan *artifacts.Plan, reference string) (*artifacts.Model, error) {
	cfg, err := env.Config()
	if err != nil {
		return nil, err
	}
	before, path := looks(plan), ""
	if len(before) > 0 {
		names, err := possibleNames(env, reference)
		if err != nil {
			return nil, err
		}
		path = names.Path
	}
	if err := refuseTaken(ctx, env, store, plan, path); err != nil {
		return nil, err
	}
	progress := o.show(env)
	defer progress.Close()
	model, err := store.Land(ctx, plan, &artifacts.LandOptions{
		Progress: progress, Jobs: cfg.Pull.Jobs.Value, Local: env.localFiles(cfg),
	})
	if err != nil || path == "" {
		return model, err
	}
	if err := env.recordPath(path, model, plan.Pending, before); err != nil {
		env.Log().Info("it is not remembered what the path was", "path", path, "error", err)
	}
	return model, nil
}

// admitted says why the model of a plan is not worth pulling. A manifest that breaks its specification, or names files that may
// not exist, never is.
func (o *fetchOptions) admitted(ctx context.Context, plan *artifacts.Plan) error {
	if complete := plan.Complete; complete != nil {
		plan.Complete = func(found []artifacts.Found) (*artifacts.Plan, error) { // the earliest that there is a manifest
			whole, err := complete(found)
			if err != nil {
				return nil, err
			}
			return whole, o.admitted(ctx, whole)
		}
		return nil
	}
	model, err := plannedModel(plan)
	if err != nil || o.admit == nil {
		return err
	}
	if err := o.admit(model); err != nil {
		return err
	}
	if o.weigh != nil {
		o.weigh(ctx, plan, model)
	}
	return nil
}

// naming says what was being pulled, where the error does not.
func naming(reference string, err error) error { return namingAs("pulling", reference, err) }

// namingAs is naming of what was being done to the reference.
func namingAs(act, reference string, err error) error {
	if strings.Contains(err.Error(), localName(reference)) {
		return err
	}
	reference, _, _ = strings.Cut(reference, "#sha256=")                          // the error has the digest
	return fmt.Errorf("%s %s: %w", act, source.Scrub(errors.New(reference)), err) // a URL may hold secrets
}

// findOrFetch returns the model of that name from the store, or pulls it.
func findOrFetch(ctx context.Context, env *Env, store artifacts.Store, reference string, o *fetchOptions) (*artifacts.Model, error) {
	model, err := findModel(ctx, env, store, reference)
	var changed *changedError
	if errors.Is(err, artifacts.ErrNotFound) || errors.As(err, &changed) {
		return fetch(ctx, env, store, reference, o)
	}
	if err != nil {
		return nil, err
	}
	return whole(ctx, env, store, model, &o.transferOptions)
}
