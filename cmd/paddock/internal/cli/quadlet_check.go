package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
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

// checkTaken fails if Podman has what the units of a service would take for theirs: the service of a pod replaces one of its name, with
// all that is in it, and with a service goes its volume.
func checkTaken(ctx context.Context, env *Env, units *quadlet.Installer, spec *workload.Spec, set *quadlet.Set) error {
	taken := map[string]string{}
	if spec.Pod != "" {
		taken["pod"] = spec.Pod
	}
	volume := spec.Name + ".volume"
	if slices.ContainsFunc(set.Files(), func(f quadlet.File) bool { return f.Name == volume }) {
		taken["volume"] = "systemd-" + spec.Name
	}
	if len(taken) == 0 {
		return nil
	}
	installed, unreadable := units.List()
	for _, in := range installed {
		if in.Pod == spec.Pod {
			delete(taken, "pod")
		}
		if slices.Contains(in.Beside, volume) {
			delete(taken, "volume")
		}
	}
	podman, err := quadletPodman(ctx, env)
	if err != nil {
		return err
	}
	for kind, name := range taken {
		_, err := env.Services.Quiet.Call(ctx, podman.Path, kind, "exists", name)
		if code, ok := exitStatus(err); ok && code == 1 { // podman-pod-exists(1), podman-volume-exists(1)
			continue
		}
		if err != nil {
			return err
		}
		err = fmt.Errorf("installing the unit %s: podman has a %s %s that is %w; choose another name", spec.Name, kind, name, quadlet.ErrForeign)
		return errors.Join(err, unreadable) // it may be that of one of them
	}
	return nil
}

// warnProxy says what SELinux wants to be told before a proxy of the system's may reach a server (systemd_socket_proxyd_selinux(8)).
func warnProxy(env *Env, units *quadlet.Installer, in *quadlet.Installed) {
	if in.Socket() == "" || units.Systemctl.User {
		return
	}
	enforcing, err := os.ReadFile(filepath.Join(env.Root, "/sys/fs/selinux/enforce"))
	if err != nil || strings.TrimSpace(string(enforcing)) != "1" {
		return // there is no SELinux, or it only looks
	}
	ui.Note(env.Err, "SELinux may keep the proxy from its ports; allow them by: setsebool -P systemd_socket_proxyd_bind_any=1 systemd_socket_proxyd_connect_any=1")
}
