package kube

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/workload"
)

// Render renders a workload to YAML documents. The same input gives the same bytes.
//
// It refuses a Spec that is not valid, a name that is no Service's, a model that is not pinned by digest or does not come as the
// volume wants it, and a network: a pod has its own.
func Render(spec *workload.Spec, opts *Options) ([]byte, error) {
	r, err := prepare(spec, opts)
	if err != nil {
		return nil, fmt.Errorf("rendering objects of Kubernetes for %s: %w", spec.Name, err)
	}
	objects := r.deployment()
	if r.opts.Form == KServe {
		objects = r.kserve()
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s, by paddock kube\n", r.opts.Model)
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	for _, o := range objects {
		if err := e.Encode(o); err != nil {
			return nil, fmt.Errorf("rendering objects of Kubernetes for %s: %w", spec.Name, err)
		}
	}
	if err := e.Close(); err != nil {
		return nil, fmt.Errorf("rendering objects of Kubernetes for %s: %w", spec.Name, err)
	}
	return b.Bytes(), nil
}

// renderer is a Spec that has been found fit to be rendered.
type renderer struct {
	spec *workload.Spec
	opts *Options
	gpu  Resource
}

func prepare(spec *workload.Spec, opts *Options) (*renderer, error) {
	if err := errors.Join(spec.Validate(), ValidateName(spec.Name), validSecrets(spec.Secrets)); err != nil {
		return nil, err
	}
	filled, err := opts.filled(spec.Model)
	if err != nil {
		return nil, err
	}
	if spec.Pod != "" {
		return nil, fmt.Errorf("pod %q: a Deployment makes pods of its own", spec.Pod)
	}
	if spec.Network != "" {
		return nil, fmt.Errorf("network %q: a pod has a network of its own", spec.Network)
	}
	if n, err := artifacts.ParseName(spec.Model); err != nil {
		return nil, err
	} else if n.Digest() == "" {
		return nil, fmt.Errorf("the model %s is not pinned by its digest, and another may have its name when a pod starts", spec.Model)
	}
	r := &renderer{spec: spec, opts: filled, gpu: filled.GPU}
	if r.gpu == (Resource{}) {
		r.gpu, err = wanted(&spec.Access)
	} else {
		err = r.gpu.validate()
	}
	return r, errors.Join(err, r.fits())
}

// fits says whether the model comes as the volume wants it.
func (r *renderer) fits() error {
	first := &r.spec.Mounts[0]
	switch {
	case r.opts.Volume == Artifact:
		for _, m := range r.spec.Mounts {
			if m.Digest == "" && m.Title == "" || r.spec.MountSource != "" {
				return fmt.Errorf("volume %s: %s is no artifact of single files", Artifact, r.spec.Model)
			}
		}
	case first.ImagePath == "":
		return fmt.Errorf("volume %s: %s is no image", r.opts.Volume, r.spec.Model)
	case r.opts.Form == KServe && first.ImagePath != packaging.ImageRoot:
		return fmt.Errorf("the model is in the folder %s of its image, and KServe takes %s only", first.ImagePath, packaging.ImageRoot)
	}
	return nil
}

const (
	pullPolicy   = "IfNotPresent" // the names of models cannot move, and servers are not to change by a restart
	modelVolume  = "model"
	serverName   = "server"
	startMargin  = 300 // seconds that a start may take beyond what the model is given to load: the pulls
	startPeriod  = 5   // seconds between two looks at a server that starts
	readyPeriod  = 10  // seconds between two looks at whether it can take requests
	readyRetries = 3
)

func (r *renderer) deployment() []object {
	labels := map[string]string{"app.kubernetes.io/name": r.spec.Name, "app.kubernetes.io/component": "model-server"}
	match := map[string]string{"app.kubernetes.io/name": r.spec.Name}
	d := deployment{
		Replicas: 1, ProgressDeadlineSeconds: int(r.spec.Health.StartPeriod.Seconds()) + startMargin,
		Selector: selector{MatchLabels: match},
		Template: template{Metadata: meta{Labels: labels, Annotations: r.annotations()}, Spec: r.pod()},
	}
	if r.gpu.Count > 0 {
		d.Strategy = &strategy{Type: "Recreate"} // a new pod would wait for the accelerators of the old one
	}
	return []object{
		{APIVersion: "apps/v1", Kind: "Deployment", Metadata: meta{Name: r.spec.Name, Labels: labels}, Spec: d},
		{APIVersion: "v1", Kind: "Service", Metadata: meta{Name: r.spec.Name, Labels: labels}, Spec: service{
			Selector: match, Ports: []servicePort{{Name: "http", Port: r.spec.Port, TargetPort: workload.ContainerPort}},
		}},
	}
}

// annotations say which model it is: labels cannot carry its name.
func (r *renderer) annotations() map[string]string {
	a := map[string]string{"org.paddock.model": r.opts.Model}
	if r.spec.ModelDigest != "" {
		a["org.paddock.digest"] = r.spec.ModelDigest.String()
	}
	return a
}

func (r *renderer) pod() pod {
	server := r.server(serverName, r.spec.Args)
	server.Ports[0].Name = "http"
	p := pod{Volumes: slices.Concat(r.scratch(), r.secrets(&server))}
	switch first := &r.spec.Mounts[0]; r.opts.Volume {
	case Modelcar:
		p.ShareProcessNamespace = true
		p.InitContainers = []container{r.car(first.ImagePath)}
		p.Volumes = append(p.Volumes, volume{Name: modelVolume, EmptyDir: &emptyDir{}})
		server.VolumeMounts = append(server.VolumeMounts, mount{Name: modelVolume, MountPath: workload.ModelRoot, SubPath: carLinks, ReadOnly: true})
	default:
		p.Volumes = append(p.Volumes, volume{Name: modelVolume, Image: &imageSource{Reference: r.spec.Model, PullPolicy: pullPolicy}})
		m := mount{Name: modelVolume, MountPath: workload.ModelRoot, ReadOnly: true}
		if first.ImagePath != "" && first.ImagePath != "/" {
			m.SubPath = path.Clean(first.ImagePath[1:]) // Kubernetes takes no absolute one
		}
		server.VolumeMounts = append(server.VolumeMounts, m)
	}
	p.Containers = []container{server}
	return p
}

// scratch are the folders that can be written to beside a read-only root.
func (r *renderer) scratch() []volume {
	v := []volume{{Name: "tmp", EmptyDir: &emptyDir{}}}
	if r.spec.Runtime == workload.VLLM {
		v = append(v, volume{Name: "shm", EmptyDir: &emptyDir{Medium: "Memory"}}) // its processes share tensors there
	}
	return v
}

func (r *renderer) server(name string, args []string) container {
	c := container{
		Name: name, Image: r.spec.Image, ImagePullPolicy: pullPolicy, Args: literals(args), Resources: limits(r.spec, r.gpu),
		Ports: []port{{ContainerPort: workload.ContainerPort, Protocol: "TCP"}}, SecurityContext: r.security(),
		VolumeMounts: []mount{{Name: "tmp", MountPath: "/tmp"}},
	}
	for _, e := range r.spec.Env {
		value := literal(e.Value)
		c.Env = append(c.Env, env{Name: e.Name, Value: &value})
	}
	if r.spec.Runtime == workload.VLLM {
		c.VolumeMounts = append(c.VolumeMounts, mount{Name: "shm", MountPath: "/dev/shm"})
	}
	if h := &r.spec.Health; h.Command != "" {
		timeout := seconds(h.Timeout)
		c.StartupProbe = health(startPeriod, timeout, max(1, (seconds(h.StartPeriod)+startPeriod-1)/startPeriod))
		c.ReadinessProbe = health(readyPeriod, timeout, readyRetries)
		c.LivenessProbe = health(seconds(h.Interval), timeout, max(1, h.Retries))
	}
	return c
}

// security is what every container gets: less than the profile "restricted" of Kubernetes allows, where the user is not root.
func (r *renderer) security() security {
	return security{
		RunAsNonRoot: r.opts.User != 0, RunAsUser: r.opts.User, ReadOnlyRootFilesystem: true,
		Capabilities: capabilities{Drop: []string{"ALL"}}, SeccompProfile: seccomp{Type: "RuntimeDefault"},
	}
}
