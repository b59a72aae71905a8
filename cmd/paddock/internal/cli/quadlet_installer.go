package cli

import (
	"context"
	"path/filepath"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/quadlet"
)

// installer works on the units of the user, or of the system.
func installer(ctx context.Context, env *Env) (*quadlet.Installer, error) {
	podman, err := quadletPodman(ctx, env)
	if err != nil {
		return nil, err
	}
	dir, err := quadlet.UnitDir(podman.Rootless, env.withHome)
	if err != nil {
		return nil, err
	}
	plain, err := quadlet.PlainDir(podman.Rootless, env.withHome)
	if err != nil {
		return nil, err
	}
	tag := func(ctx context.Context, id, name string) error {
		_, err := env.Services.Quiet.Call(ctx, podman.Path, "tag", id, name)
		return err
	}
	drop := func(ctx context.Context, name string) error {
		_, err := env.Services.Quiet.Call(ctx, podman.Path, "volume", "exists", name)
		if code, ok := exitStatus(err); ok && code == 1 { // podman-volume-exists(1)
			return nil
		}
		if err == nil {
			_, err = env.Services.Quiet.Call(ctx, podman.Path, "volume", "rm", name)
		}
		return err
	}
	warned := map[string]bool{}
	warn := func(err error) {
		if text := err.Error(); !warned[text] {
			warned[text] = true
			ui.Warning(env.Err, text)
		}
	}
	return &quadlet.Installer{
		Dir: filepath.Join(env.Root, dir), Plain: filepath.Join(env.Root, plain), Tag: tag, DropVolume: drop, Warn: warn,
		Systemctl: &quadlet.Systemctl{User: podman.Rootless, Run: env.Services.Quiet},
	}, nil
}

// withHome is Getenv with a HOME where the environment has none.
func (e *Env) withHome(key string) string {
	if value := e.Getenv(key); value != "" || key != "HOME" {
		return value
	}
	home, err := e.Home()
	if err != nil {
		return ""
	}
	return home
}
