package compose

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/artifacts/workload/podmanargs"
)

// Options say for which engine a file is rendered. nil means the zero value.
type Options struct {
	// StartInterval says that the engine can look at a server that starts more often than at one that runs: Docker 25 and later.
	// An engine that cannot refuses the file; Podman's interface for Docker's programs says that it is an older one.
	StartInterval bool
	// Podman says that the engine is Podman, which wants the folder of an image as an absolute path; Docker wants a relative one.
	Podman bool
	// Model is what a person calls the model; "" is the Spec's.
	Model string
}

// Render renders a workload to a file with one service. The same input gives the same bytes.
//
// It refuses a Spec that is not valid, files of an artifact, of which Compose knows nothing, networks with options, and secrets: those
// of Podman are not in reach of docker compose, and Docker has none without Swarm.
func Render(spec *workload.Spec, opts *Options) ([]byte, error) {
	if opts == nil {
		opts = &Options{}
	}
	if err := spec.Validate(); err != nil {
		return nil, fmt.Errorf("rendering a compose file for %s: %w", spec.Name, err)
	}
	f := file{Name: projectName(spec.Name)}
	s, err := render(spec, opts)
	if err != nil {
		return nil, fmt.Errorf("rendering a compose file for %s: %w", spec.Name, err)
	}
	if err := connect(&f, s, spec.Network); err != nil {
		return nil, fmt.Errorf("rendering a compose file for %s: %w", spec.Name, err)
	}
	f.Services = map[string]service{spec.Name: *s}
	var b bytes.Buffer
	model := opts.Model
	if model == "" {
		model = spec.Model
	}
	fmt.Fprintf(&b, "# %s, by paddock compose\n", model)
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := errors.Join(e.Encode(&f), e.Close()); err != nil {
		return nil, fmt.Errorf("rendering a compose file for %s: %w", spec.Name, err)
	}
	return b.Bytes(), nil
}

func render(spec *workload.Spec, opts *Options) (*service, error) {
	if spec.Pod != "" {
		return nil, fmt.Errorf("putting the container into the pod %s: a compose file has no pods", spec.Pod)
	}
	if len(spec.Secrets) > 0 {
		return nil, fmt.Errorf("giving the secret %s to the container: a compose file cannot", spec.Secrets[0].Name)
	}
	s := &service{
		Image: literal(spec.Image), ContainerName: spec.Name, PullPolicy: "missing", Restart: "unless-stopped",
		Command: literals(spec.Args), Labels: literals(podmanargs.Labels(spec)), Devices: literals(spec.Devices()),
		ReadOnly: true, Tmpfs: []string{"/tmp"}, CapDrop: []string{"ALL"}, SecurityOpt: []string{"no-new-privileges"},
		Deploy: gpus(spec.Access.GPUs), Healthcheck: health(&spec.Health, opts),
	}
	for _, e := range spec.Env {
		s.Environment = append(s.Environment, e.Name+"="+literal(e.Value))
	}
	if publish := podmanargs.Publish(spec); publish != "" {
		s.Ports = []string{publish}
	}
	for i := range spec.Mounts {
		v, err := mount(spec, &spec.Mounts[i], opts)
		if err != nil {
			return nil, err
		}
		s.Volumes = append(s.Volumes, v)
	}
	for _, path := range spec.Access.Mounts {
		s.Volumes = append(s.Volumes, volume{Type: "bind", Source: literal(path), Target: literal(path), ReadOnly: true, Bind: &bind{}})
	}
	if spec.Access.KeepGroups {
		s.GroupAdd = []string{podmanargs.KeepGroups}
	}
	if spec.Access.LabelDisable {
		s.SecurityOpt = append(s.SecurityOpt, "label=disable")
	}
	if spec.Memory > 0 {
		s.MemLimit = workload.MemoryText(spec.Memory)
	}
	if spec.CPUs > 0 {
		s.CPUs = workload.CPUsText(spec.CPUs)
	}
	return s, nil
}

// mount is a file of the host, which is relabelled for sharing where SELinux is, or a folder of an image, which is read-only by
// itself: podman-compose refuses to be told so.
func mount(spec *workload.Spec, m *workload.FileMount, opts *Options) (volume, error) {
	v := volume{Type: "bind", Source: literal(m.HostPath), Target: literal(m.Destination)}
	switch {
	case m.HostPath != "":
		v.ReadOnly, v.Bind = true, &bind{SELinux: "z"}
		return v, nil
	case m.ImagePath != "":
		folder := m.ImagePath
		if !opts.Podman {
			folder = strings.TrimPrefix(folder, "/")
		}
		v.Type, v.Source, v.Image = "image", literal(spec.Artifact()), &image{Subpath: literal(folder)}
		return v, nil
	}
	return volume{}, fmt.Errorf("mounting %s from the artifact %s: compose knows no artifacts", m.Destination, spec.Artifact())
}

func health(h *workload.Health, opts *Options) *healthcheck {
	if h.Command == "" {
		return nil
	}
	c := &healthcheck{
		Test: []string{"CMD-SHELL", literal(h.Command)}, Interval: h.Interval.String(), Timeout: h.Timeout.String(),
		StartPeriod: h.StartPeriod.String(), Retries: h.Retries,
	}
	if opts.StartInterval && h.StartupInterval > 0 {
		c.StartInterval = h.StartupInterval.String()
	}
	return c
}

// gpus are NVIDIA's in the words of docker run --gpus: "all", or "device=" and their numbers.
func gpus(words string) *deploy {
	if words == "" {
		return nil
	}
	d := device{Driver: "nvidia", Capabilities: []string{"gpu"}}
	if ids, some := strings.CutPrefix(words, "device="); some {
		d.DeviceIDs = strings.Split(ids, ",")
	} else {
		d.Count = words
	}
	deploy := &deploy{}
	deploy.Resources.Reservations.Devices = []device{d}
	return deploy
}

// connect gives the service its network. "" is the one that compose makes; the modes of the engines are theirs; any other
// name is a network that must be there.
func connect(f *file, s *service, name string) error {
	mode, _, options := strings.Cut(name, ":")
	switch {
	case name == "":
	case slices.Contains([]string{"host", "none", "bridge", "private", "pasta", "slirp4netns"}, name), options && (mode == "container" || mode == "ns"):
		s.NetworkMode = literal(name)
	case options, strings.Contains(name, ","):
		return fmt.Errorf("network %q: a compose file has no place for its options", name)
	default:
		s.Networks = map[string]struct{}{name: {}}
		f.Networks = map[string]network{name: {External: true}}
	}
	return nil
}

// projectName makes the name of a project: lower case letters, digits, dashes and underscores (Compose specification, "name").
// A Spec's begins with a letter or a digit.
func projectName(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), ".", "-")
}

// literal protects a text from compose, which puts variables in the place of "$NAME" and "${NAME}".
func literal(s string) string { return strings.ReplaceAll(s, "$", "$$") }

func literals(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = literal(w)
	}
	return out
}
