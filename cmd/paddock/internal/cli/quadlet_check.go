package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/quadlet"
)

// checkSecrets fails if Podman does not have a secret that a service is given: it would not start.
func checkSecrets(ctx context.Context, env *Env, opts *workload.Options) error {
	podman, err := quadletPodman(ctx, env)
	if err != nil {
		return err
	}
	for _, name := range opts.SecretNames() {
		_, err := env.Services.Quiet.Call(ctx, podman.Path, "secret", "exists", name)
		if code, ok := exitStatus(err); ok && code == 1 { // podman-secret-exists(1)
			return WithHint(fmt.Errorf("the secret %s: %w among Podman's", name, artifacts.ErrNotFound), "podman secret create "+name+" FILE")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// exitStatus is that of a program which ran.
func exitStatus(err error) (int, bool) {
	var exit interface{ ExitCode() int }
	if !errors.As(err, &exit) {
		return 0, false
	}
	return exit.ExitCode(), true
}

// unitName is the name of the unit that was typed; as systemctl and podman quadlet have it, it may end in .service or .container.
func unitName(typed string) (string, error) {
	name := strings.TrimSuffix(strings.TrimSuffix(typed, ".service"), ".container")
	return name, asUsage(quadlet.ValidateName(name))
}

// unitNames is unitName for each.
func unitNames(typed []string) ([]string, error) {
	names := make([]string, len(typed))
	for i, t := range typed {
		var err error
		if names[i], err = unitName(t); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// checkInstall says why a model, of which maybe only the manifest is here, cannot be installed as a service.
func checkInstall(ctx context.Context, env *Env, units *quadlet.Installer, model *artifacts.Model, opts *workload.Options, o *quadletInstallOptions) error {
	set := &quadlet.Set{Name: cmp.Or(opts.Name, workload.DeriveName(model.Name))}
	if !undecided(model) {
		var err error
		if _, set, err = unitFor(ctx, env, model, opts, &o.unit, &o.fetch.origin); err != nil {
			return err
		}
	}
	return hintInstalled(units.Check(ctx, set, o.replace))
}
