package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/dirstore"
	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/engine"
	"github.com/paddock-dev/paddock/quadlet"
)

// quadletCommand is the family of commands about services.
func quadletCommand(env *Env, run *quadletRuns) *cli.Command {
	return &cli.Command{
		Name: "quadlet", Usage: "Serve models as systemd services",
		Description: "A service is a Quadlet unit, pinned to the digest of its model. It starts without the registry, is active when the\n" +
			"server answers, and is restarted when it fails. As root the services are the system's, otherwise the user's.",
		Subcommands: []*cli.Command{
			quadletGenerateCommand(env, run.generate),
			quadletInstallCommand(env, run.install),
			quadletLsCommand(env, run.ls),
			quadletPrintCommand(env, run.print),
			quadletRmCommand(env, run.rm),
			quadletUpdateCommand(env, run.update),
		},
	}
}

// quadletRuns are what the commands about services do.
type quadletRuns struct {
	generate func(context.Context, *Env, *quadletGenerateOptions) error
	install  func(context.Context, *Env, *quadletInstallOptions) error
	ls       func(context.Context, *Env, *quadletLsOptions) error
	print    func(context.Context, *Env, string) error
	rm       func(context.Context, *Env, *quadletRmOptions) error
	update   func(context.Context, *Env, *quadletUpdateOptions) error
}

// unitFor renders the units of a model.
func unitFor(ctx context.Context, env *Env, model *artifacts.Model, opts *workload.Options, o *unitOptions, origin *originOptions) (spec *workload.Spec, set *quadlet.Set, err error) {
	podman, err := quadletPodman(ctx, env)
	if err != nil {
		return nil, nil, err
	}
	pinned, err := pinnedName(model)
	if err != nil {
		return nil, nil, err
	}
	pinnedOpts := *opts
	pinnedOpts.Source = pinned.String()
	store, err := env.Store(ctx)
	if err != nil {
		return nil, nil, err
	}
	if model, err = placedAs(store, model, pinned); err != nil {
		return nil, nil, err
	}
	spec, err = workload.FromModel(model, &pinnedOpts)
	if err != nil {
		return nil, nil, err
	}
	cfg, err := env.Config()
	if err != nil {
		return nil, nil, err
	}
	paddock, err := ownPath()
	if err != nil {
		return nil, nil, err
	}
	demand, err := o.demand(env)
	if err != nil {
		return nil, nil, err
	}
	kinds, err := quadlet.ParseKinds(o.with)
	if err != nil {
		return nil, nil, err
	}
	set, err = quadlet.Units(spec, &quadlet.UnitOptions{
		PodmanVersion: podman.Version, Rootless: podman.Rootless, Paddock: paddock, EnsureArgs: ensureArgs(env, model, origin),
		Model: model.Name, Restart: cfg.Quadlet.Restart.Value, Environment: unitEnviron(store),
		AutoUpdate: o.autoUpdate, OnDemand: demand, With: kinds, Origin: originToFollow(env, model), Install: o.words(cfg, spec, origin),
	})
	return spec, set, err
}

// placedAs returns a model as it is mounted under the name that pins it.
func placedAs(store artifacts.Store, model *artifacts.Model, pinned artifacts.Name) (*artifacts.Model, error) {
	placer, ok := store.(artifacts.Placer)
	if !ok {
		return model, nil
	}
	mount, err := placer.MountAs(model, pinned)
	if err != nil {
		return nil, fmt.Errorf("pinning %s: %w", nameOrDigest(model), err)
	}
	there := *model
	there.Mount = mount
	return &there, nil
}

// unitEnviron is what paddock must be told in a unit to look where the unit's files are, whatever the session that the unit
// was made in says.
func unitEnviron(store artifacts.Store) []string {
	if r := reportStore(store, ""); r.Kind == dirstore.Word {
		return []string{"PADDOCK_STORE_DIR=" + r.Path}
	}
	return nil
}

// pinnedName is the name of a model that cannot move.
func pinnedName(model *artifacts.Model) (artifacts.Name, error) {
	name, err := artifacts.ParseName(model.Name)
	if err != nil {
		return artifacts.Name{}, fmt.Errorf("pinning %s: %w", nameOrDigest(model), err)
	}
	return name.Pinned(model.Digest)
}

// quadletPodman is the Podman that services are for.
func quadletPodman(ctx context.Context, env *Env) (*engine.PodmanInfo, error) {
	choice, err := env.Engine(ctx)
	if err != nil {
		return nil, err
	}
	if choice.Podman == nil {
		return nil, WithHint(usagef("Quadlet is Podman's, and the engine is %s", choice.Engine.Name()),
			"paddock serve -d leaves a server running; with podman installed, --engine podman makes services")
	}
	return choice.Podman, nil
}

// ownPath is where this program is, for units: the path without links, which a package update keeps.
func ownPath() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding the path of paddock: %w", err)
	}
	return filepath.Clean(path), nil
}
