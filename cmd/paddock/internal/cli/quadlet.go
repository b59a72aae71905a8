package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts"
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
}

// unitFor renders the unit of a model, and returns it with the name it is installed under.
func unitFor(ctx context.Context, env *Env, model *artifacts.Model, opts *workload.Options, origin *originOptions) (name string, unit []byte, err error) {
	podman, err := nativePodman(ctx, env)
	if err != nil {
		return "", nil, err
	}
	pinned, err := pinnedName(model)
	if err != nil {
		return "", nil, err
	}
	pinnedOpts := *opts
	pinnedOpts.Source = pinned.String()
	spec, err := workload.FromModel(model, &pinnedOpts)
	if err != nil {
		return "", nil, err
	}
	cfg, err := env.Config()
	if err != nil {
		return "", nil, err
	}
	paddock, err := ownPath()
	if err != nil {
		return "", nil, err
	}
	unit, err = quadlet.Unit(spec, &quadlet.UnitOptions{
		PodmanVersion: podman.Version, Rootless: podman.Rootless, Paddock: paddock, EnsureArgs: origin.unitArgs(),
		Model: model.Name, Restart: cfg.Quadlet.Restart.Value,
	})
	return spec.Name, unit, err
}

// pinnedName is the name of a model that cannot move.
func pinnedName(model *artifacts.Model) (artifacts.Name, error) {
	name, err := artifacts.ParseName(model.Name)
	if err != nil {
		return artifacts.Name{}, fmt.Errorf("pinning %s: %w", nameOrDigest(model), err)
	}
	return name.Pinned(model.Digest)
}

func nativePodman(ctx context.Context, env *Env) (*engine.PodmanInfo, error) {
	choice, err := env.Engine(ctx)
	if err != nil {
		return nil, err
	}
	if choice.Podman == nil {
		return nil, usagef("Quadlet is Podman's, and the engine is %s", choice.Engine.Name())
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

// installer works on the units of the user, or of the system.
func installer(ctx context.Context, env *Env) (*quadlet.Installer, error) {
	podman, err := nativePodman(ctx, env)
	if err != nil {
		return nil, err
	}
	getenv := func(key string) string {
		if value := env.Getenv(key); value != "" || key != "HOME" {
			return value
		}
		home, err := env.Home()
		if err != nil {
			return ""
		}
		return home
	}
	dir, err := quadlet.UnitDir(podman.Rootless, getenv)
	if err != nil {
		return nil, err
	}
	return &quadlet.Installer{Dir: filepath.Join(env.Root, dir), Systemctl: &quadlet.Systemctl{User: podman.Rootless, Run: env.Services.Quiet}}, nil
}
