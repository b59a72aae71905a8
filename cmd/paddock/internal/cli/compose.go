package cli

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/engine"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/quadlet/compose"
)

type composeOptions struct {
	model    string
	workload workloadOptions
}

func composeCommand(env *Env, run func(context.Context, *Env, *composeOptions) error) *cli.Command {
	var o composeOptions
	return &cli.Command{
		Name: "compose", Usage: "Print a compose file that serves a model in the store", ArgsUsage: "NAME [-- SERVER-ARGS]",
		Description: "The file is for docker compose or podman compose on this machine. What follows -- is passed to the server.",
		Flags:       flagsWithout(o.workload.flags(), "secret", "api-key-secret"), // compose cannot reach Podman's
		Action: func(c *cli.Context) error {
			if err := exactArgsBefore(c, &o.workload.serverArgs, &o.model); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

func runCompose(ctx context.Context, env *Env, o *composeOptions) error {
	opts, err := o.workload.options(env)
	if err != nil {
		return err
	}
	choice, err := reach(ctx, env, opts)
	if err != nil {
		return err
	}
	store, model, err := storedModel(ctx, env, o.model, "making a compose file for")
	if err != nil {
		return err
	}
	model, opts = prepare(ctx, env, store, model, opts)
	if model, err = bound(store, model); err != nil {
		return err
	}
	spec, err := workload.FromModel(model, opts)
	if err != nil {
		return hintUnpack(err, model)
	}
	text, err := compose.Render(spec, composeFor(env, choice, model))
	if err != nil {
		return err
	}
	return ui.Text(env.Out, string(text))
}

func composeFor(env *Env, choice *engine.Choice, model *artifacts.Model) *compose.Options {
	if _, image := model.Mount.(artifacts.ImageMount); image && choice.Podman != nil {
		ui.Note(env.Err, "podman-compose mounts images, docker-compose with Podman does not: for that, paddock convert --to artifact "+model.Name)
	}
	return &compose.Options{Model: model.Name, Podman: choice.Podman != nil, StartInterval: choice.Docker != nil && choice.Docker.HasStartInterval()}
}

// bound returns a model with the files of an artifact as files of the host, since compose knows no artifacts. A blob's path in
// Podman's store has its digest, so that no other file can come to be there.
func bound(store artifacts.Store, model *artifacts.Model) (*artifacts.Model, error) {
	if _, artifact := model.Mount.(artifacts.ArtifactMount); !artifact {
		return model, nil
	}
	locator, ok := store.(artifacts.Locator)
	if !ok {
		return nil, fmt.Errorf("making a compose file for %s: the files of the store cannot be located", nameOrDigest(model))
	}
	files := map[string]string{}
	for i := range model.Packaging.Files {
		f := &model.Packaging.Files[i]
		if f.Encoding != packaging.Raw {
			return nil, fmt.Errorf("making a compose file for %s: %w: %q is an archive (%s)", nameOrDigest(model), packaging.ErrUnservable, f.Path, f.Encoding)
		}
		path, err := locator.Locate(model, f)
		if err != nil {
			return nil, err
		}
		files[f.Path] = path
	}
	there := *model
	there.Mount = artifacts.BindMount{Files: files}
	return &there, nil
}
