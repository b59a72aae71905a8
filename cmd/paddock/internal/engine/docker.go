package engine

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/artifacts/workload/podmanargs"
)

// Docker is the docker program.
type Docker struct {
	// Path is the program; "" is "docker", found in PATH when it is run.
	Path string
}

var _ Engine = (*Docker)(nil)

// Name returns "docker".
func (d *Docker) Name() string { return "docker" }

func (d *Docker) path() string {
	if d.Path == "" {
		return "docker"
	}
	return d.Path
}

// Command returns `docker run …`. Docker has no artifacts: a file that is not on the host is refused.
func (d *Docker) Command(spec *workload.Spec, opts *RunOptions) ([]string, error) {
	if opts == nil {
		opts = &RunOptions{}
	}
	if err := spec.Validate(); err != nil {
		return nil, fmt.Errorf("rendering a command for docker: %w", err)
	}
	if opts.Replace {
		return nil, errors.New("rendering a command for docker: it cannot replace a container; remove the old one first")
	}
	if spec.Pod != "" {
		return nil, fmt.Errorf("putting the container into the pod %s: docker has no pods", spec.Pod)
	}
	if len(spec.Secrets) > 0 {
		return nil, fmt.Errorf("giving the secret %s to the container: docker run has no secrets", spec.Secrets[0].Name)
	}
	args := []string{d.path(), "run", "--name", spec.Name, lifetime(opts), "--pull", "missing"}
	args = append(args, hardening()...)
	args = append(args, "--tmpfs", "/tmp") // Podman gives a read-only container one by itself
	if spec.Network != "" {
		args = append(args, "--network", spec.Network)
	}
	if publish := podmanargs.Publish(spec); publish != "" {
		args = append(args, "--publish", publish)
	}
	for i := range spec.Mounts {
		mount, err := d.mount(spec, &spec.Mounts[i])
		if err != nil {
			return nil, err
		}
		args = append(args, "--mount", mount)
	}
	access, err := d.access(spec)
	if err != nil {
		return nil, err
	}
	args = append(args, access...)
	args = append(args, podmanargs.Limits(spec)...)
	args = append(args, environment(spec)...)
	for _, l := range podmanargs.Labels(spec) {
		args = append(args, "--label", l)
	}
	args = append(args, healthFlags(spec.Health)...)
	args = append(args, spec.Image)
	return append(args, spec.Args...), nil
}

// access returns the flags by which the container reaches its accelerators. The root of a container owns their nodes, as it
// does on the host.
func (d *Docker) access(spec *workload.Spec) ([]string, error) {
	var args []string
	for _, device := range spec.Devices() {
		args = append(args, "--device", device)
	}
	if gpus := spec.Access.GPUs; gpus != "" {
		args = append(args, "--gpus", strconv.Quote(gpus)) // read as CSV: without the quotes a comma ends the value
	}
	for _, path := range spec.Access.Mounts {
		mount, err := podmanargs.CSV("type=bind", "source="+path, "target="+path, "readonly")
		if err != nil {
			return nil, err
		}
		args = append(args, "--mount", mount)
	}
	if spec.Access.LabelDisable {
		args = append(args, "--security-opt", "label=disable")
	}
	return args, nil
}

// mount returns the value of --mount. The folder of an image needs Docker 28; its path is relative to the image's root.
func (d *Docker) mount(spec *workload.Spec, m *workload.FileMount) (string, error) {
	switch {
	case m.HostPath != "":
		return podmanargs.CSV("type=bind", "source="+m.HostPath, "target="+m.Destination, "readonly")
	case m.ImagePath != "":
		return podmanargs.CSV("type=image", "source="+spec.Artifact(), "target="+m.Destination, "image-subpath="+strings.TrimPrefix(m.ImagePath, "/"))
	}
	return "", fmt.Errorf("mounting %s from the artifact %s: docker has no artifacts", m.Destination, spec.Artifact())
}

// Stop returns `docker rm` with force, which succeeds if there is no such container.
func (d *Docker) Stop(name string) []string { return []string{d.path(), "rm", "--force", name} }

// State returns `docker container inspect`.
func (d *Docker) State(name string) []string {
	return []string{d.path(), "container", "inspect", "--format", stateFormat, name}
}
