package cli

import (
	"cmp"
	"context"
	"strings"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/quadlet"
)

// unitOptions are the options of a workload that a unit is to carry, checked before anything is asked or pulled.
func unitOptions(env *Env, o *workloadOptions) (*workload.Options, error) {
	opts, err := o.options(env)
	if err != nil {
		return nil, err
	}
	return opts, asUsage(quadlet.CheckOptions(opts))
}

// reachUnit is reach for a service of Podman's.
func reachUnit(ctx context.Context, env *Env, opts *workload.Options) error {
	choice, err := env.Engine(ctx)
	if err != nil {
		return err
	}
	return reach(ctx, env, choice, opts)
}

// unitName is the name of the unit that was typed; as systemctl and podman quadlet have it, it may end in .service or .container.
func unitName(typed string) (string, error) {
	name := strings.TrimSuffix(strings.TrimSuffix(typed, ".service"), ".container")
	return name, asUsage(quadlet.ValidateName(name))
}

// checkInstall says why a model, of which maybe only the manifest is here, cannot be installed as a service.
func checkInstall(ctx context.Context, env *Env, units *quadlet.Installer, model *artifacts.Model, opts *workload.Options, o *quadletInstallOptions) error {
	if !undecided(model) {
		if _, _, err := unitFor(ctx, env, model, opts, &o.fetch.origin); err != nil {
			return err
		}
	}
	return hintInstalled(units.Check(ctx, cmp.Or(opts.Name, workload.DeriveName(model.Name)), o.replace))
}
