package engine

import (
	"fmt"
	"strconv"

	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/artifacts/workload/podmanargs"
)

// Podman is the podman program.
type Podman struct {
	// Path is the program; "" is "podman", found in PATH when it is run.
	Path string
	// Version is the program's; the zero Version is not known, and everything is taken to work.
	Version podmanargs.Version
}

var _ Engine = (*Podman)(nil)

// Name returns "podman".
func (p *Podman) Name() string { return "podman" }

func (p *Podman) path() string {
	if p.Path == "" {
		return "podman"
	}
	return p.Path
}

// Command returns `podman run …`. Files of an artifact need Podman 5.6; an older one is refused.
func (p *Podman) Command(spec *workload.Spec, opts *RunOptions) ([]string, error) {
	if opts == nil {
		opts = &RunOptions{}
	}
	if err := spec.Validate(); err != nil {
		return nil, fmt.Errorf("rendering a command for podman: %w", err)
	}
	args := []string{p.path(), "run", "--name", spec.Name, lifetime(opts)}
	if opts.Replace {
		args = append(args, "--replace")
	}
	args = append(args, "--pull", "missing")
	args = append(args, hardening()...)
	if spec.Network != "" {
		args = append(args, "--network", spec.Network)
	}
	if spec.Pod != "" {
		args = append(args, "--pod", spec.Pod)
	}
	if publish := podmanargs.Publish(spec); publish != "" {
		args = append(args, "--publish", publish)
	}
	for i := range spec.Mounts {
		mount, err := p.mount(spec, &spec.Mounts[i])
		if err != nil {
			return nil, err
		}
		args = append(args, "--mount", mount)
	}
	access, err := p.access(spec)
	if err != nil {
		return nil, err
	}
	args = append(args, access...)
	args = append(args, podmanargs.Limits(spec)...)
	args = append(args, environment(spec)...)
	for _, s := range podmanargs.Secrets(spec) {
		args = append(args, "--secret", s)
	}
	for _, l := range podmanargs.Labels(spec) {
		args = append(args, "--label", l)
	}
	args = append(args, p.health(spec.Health)...)
	args = append(args, spec.Image)
	return append(args, spec.Args...), nil
}

func (p *Podman) mount(spec *workload.Spec, m *workload.FileMount) (string, error) {
	if m.HostPath == "" && m.ImagePath == "" && p.Version != (podmanargs.Version{}) && !p.Version.Native() {
		return "", fmt.Errorf("mounting %s from the artifact %s: podman %s cannot do it, it needs %s or later",
			m.Destination, spec.Artifact(), p.Version, podmanargs.MinNative())
	}
	return podmanargs.Mount(spec, m)
}

// access returns the flags by which the container reaches its accelerators.
func (p *Podman) access(spec *workload.Spec) ([]string, error) {
	var args []string
	for _, d := range spec.Devices() {
		args = append(args, "--device", d)
	}
	for _, path := range spec.Access.Mounts {
		mount, err := podmanargs.HostMount(path)
		if err != nil {
			return nil, err
		}
		args = append(args, "--mount", mount)
	}
	if spec.Access.KeepGroups {
		args = append(args, "--group-add", podmanargs.KeepGroups)
	}
	if spec.Access.LabelDisable {
		args = append(args, "--security-opt", "label=disable")
	}
	return args, nil
}

// health adds Podman's startup check (4.5 and later), so that a server is seen as healthy soon after it is up without being
// asked at that rate for ever.
func (p *Podman) health(h workload.Health) []string {
	args := healthFlags(h)
	if args == nil || h.StartupInterval <= 0 {
		return args
	}
	return append(args, "--health-startup-cmd", h.Command, "--health-startup-interval", h.StartupInterval.String(),
		"--health-startup-timeout", h.Timeout.String())
}

// Stop returns `podman rm` with force.
func (p *Podman) Stop(name string) []string {
	return []string{p.path(), "rm", "--force", "--ignore", name}
}

// State returns `podman container inspect`.
func (p *Podman) State(name string) []string {
	return []string{p.path(), "container", "inspect", "--format", stateFormat, name}
}

// stateFormat has the fields that `inspect` of both engines has.
const stateFormat = "{{.State.Status}} {{.State.ExitCode}}"

func itoa(n int) string { return strconv.Itoa(n) }
