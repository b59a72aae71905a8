package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/paddock-dev/paddock/artifacts/workload/podmanargs"
)

// ChooseOptions say which engine is wanted. nil means the zero value.
type ChooseOptions struct {
	// Requested is "podman" or "docker"; "" takes Podman, or else Docker.
	Requested string
	// Origin is where Requested comes from, for the reason: "--engine", "/etc/containers/paddock.conf".
	Origin string
	// Podman says how to ask Podman; nil means the zero value.
	Podman *ProbeOptions
	// DockerPath is the docker program; "" looks for "docker" in PATH.
	DockerPath string
}

// Choice is the engine that was chosen.
type Choice struct {
	Engine Engine
	// Podman or Docker is what the engine says of itself; the other is nil.
	Podman *PodmanInfo
	Docker *DockerInfo
	// Reason says, in words for a person, why it is this one.
	Reason string
}

// Native says whether the engine has the artifact store that paddock lands models in. Without it models are folders.
func (c *Choice) Native() bool { return c.Podman != nil && c.Podman.Version.Native() }

// Remote returns where the engine runs if that is another machine, whose files are not this one's; "" if it is here.
func (c *Choice) Remote() string {
	switch {
	case c.Podman != nil && c.Podman.Remote:
		return "the machine of the service that " + c.Podman.Path + " talks to"
	case c.Docker != nil && c.Docker.Host != "" && !strings.HasPrefix(c.Docker.Host, "unix://"):
		return c.Docker.Host
	}
	return ""
}

// Choose picks the engine: the one requested, or else Podman, or else Docker. A Podman that is there but broken is an error, not
// a reason for Docker: its models would be out of sight. Without any engine the error wraps ErrNoEngine.
func Choose(ctx context.Context, opts *ChooseOptions) (*Choice, error) {
	if opts == nil {
		opts = &ChooseOptions{}
	}
	switch opts.Requested {
	case "podman":
		return choosePodman(ctx, opts, requested(opts))
	case "docker":
		return chooseDocker(ctx, opts, requested(opts))
	case "":
	default:
		return nil, fmt.Errorf("engine %q from %s: it must be podman or docker", opts.Requested, opts.Origin)
	}
	c, err := choosePodman(ctx, opts, "it is installed")
	if !errors.Is(err, ErrNoEngine) {
		return c, err
	}
	c, dockerErr := chooseDocker(ctx, opts, "podman is not installed, and docker answers")
	if dockerErr != nil {
		return nil, errors.Join(err, dockerErr)
	}
	return c, nil
}

func requested(opts *ChooseOptions) string {
	if opts.Origin == "" {
		return "it was asked for"
	}
	return opts.Origin + " asks for it"
}

func choosePodman(ctx context.Context, opts *ChooseOptions, reason string) (*Choice, error) {
	info, err := ProbePodman(ctx, opts.Podman)
	if err != nil {
		return nil, fmt.Errorf("choosing an engine: %w", err)
	}
	if !info.Version.Native() {
		reason += fmt.Sprintf("; before %s it has no artifact store that paddock can use", podmanargs.MinNative())
	}
	return &Choice{Engine: &Podman{Path: info.Path, Version: info.Version}, Podman: info, Reason: reason}, nil
}

func chooseDocker(ctx context.Context, opts *ChooseOptions, reason string) (*Choice, error) {
	probe := ProbeOptions{Path: opts.DockerPath}
	if opts.Podman != nil {
		probe.Environ, probe.CacheDir = opts.Podman.Environ, opts.Podman.CacheDir
	}
	info, err := ProbeDocker(ctx, &probe)
	if err != nil {
		return nil, fmt.Errorf("choosing an engine: %w", err)
	}
	return &Choice{Engine: &Docker{Path: info.Path}, Docker: info, Reason: reason}, nil
}
