package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/go-units"
	"go.yaml.in/yaml/v3"
)

// into reads a part of a document into what a test looks at.
func into(part any, what any) error {
	text, err := yaml.Marshal(part)
	if err != nil {
		return err
	}
	return yaml.Unmarshal(text, what)
}

// composeOf reads a compose file with one service.
func composeOf(text string) (*facts, error) {
	docs, err := documents(text)
	if err != nil {
		return nil, err
	}
	var services map[string]struct {
		Image       string
		Name        string `yaml:"container_name"`
		Command     []string
		Environment []string
		Ports       []string
		Volumes     []struct {
			Type, Source, Target string
			ReadOnly             bool `yaml:"read_only"`
			Image                struct{ Subpath string }
		}
		Devices     []string
		MemLimit    string   `yaml:"mem_limit"`
		CPUs        string   `yaml:"cpus"`
		ReadOnly    bool     `yaml:"read_only"`
		CapDrop     []string `yaml:"cap_drop"`
		SecurityOpt []string `yaml:"security_opt"`
		Healthcheck struct{ Test []string }
	}
	if err := into(docs[0]["services"], &services); err != nil {
		return nil, err
	}
	f := &facts{GPU: map[string]int{}}
	for _, s := range services {
		f.Name, f.Image, f.Args, f.Env = uncomposed(s.Name), uncomposed(s.Image), uncomposedAll(s.Command), uncomposedAll(s.Environment)
		if s.CPUs != "" {
			if f.CPUs, err = strconv.ParseFloat(s.CPUs, 64); err != nil {
				return nil, err
			}
		}
		if s.MemLimit != "" {
			if f.Memory, err = units.RAMInBytes(s.MemLimit); err != nil {
				return nil, err
			}
		}
		for _, v := range s.Volumes {
			fact := fmt.Sprintf("%s = %s %s", v.Target, v.Type, v.Source)
			if v.Type == "image" {
				fact += " /" + v.Image.Subpath
			}
			f.Mounts = append(f.Mounts, uncomposed(fact))
		}
		for _, d := range s.Devices {
			f.device(uncomposed(d))
		}
		for _, p := range s.Ports {
			f.Port = portFact(p)
		}
		if s.ReadOnly {
			f.Hardening = append(f.Hardening, "root")
		}
		for _, word := range slices.Concat(s.CapDrop, s.SecurityOpt) {
			f.Hardening = append(f.Hardening, hardeningFact(word))
		}
		f.Health = healthFact(uncomposed(s.Healthcheck.Test[len(s.Healthcheck.Test)-1]))
	}
	slices.Sort(f.Hardening)
	return f, nil
}

func uncomposed(s string) string { return strings.ReplaceAll(s, "$$", "$") }

func uncomposedAll(words []string) []string {
	var all []string
	for _, w := range words {
		all = append(all, uncomposed(w))
	}
	return all
}

// kubeOf reads a Deployment and its Service.
func kubeOf(text string) (*facts, error) {
	docs, err := documents(text)
	if err != nil {
		return nil, err
	}
	var d struct {
		Metadata struct{ Name string }
		Spec     struct{ Template struct{ Spec kubePod } }
	}
	var s struct {
		Spec struct {
			Ports []struct {
				Port       int
				TargetPort int `yaml:"targetPort"`
			}
		}
	}
	if err := into(docs[0], &d); err != nil {
		return nil, err
	}
	if err := into(docs[1], &s); err != nil {
		return nil, err
	}
	c := &d.Spec.Template.Spec.Containers[0]
	f := &facts{Name: d.Metadata.Name, Image: c.Image, GPU: map[string]int{}}
	f.Port = fmt.Sprintf("%d to %d", s.Spec.Ports[0].Port, s.Spec.Ports[0].TargetPort)
	f.Health = fmt.Sprintf("%d%s", c.LivenessProbe.HTTPGet.Port, c.LivenessProbe.HTTPGet.Path)
	for _, a := range c.Args {
		f.Args = append(f.Args, unexpandedKube(a))
	}
	for _, e := range c.Env {
		f.Env = append(f.Env, e.Name+"="+unexpandedKube(e.Value))
	}
	for _, m := range c.VolumeMounts {
		for _, v := range d.Spec.Template.Spec.Volumes {
			if v.Name == m.Name && v.Image.Reference != "" {
				f.Mounts = append(f.Mounts, fmt.Sprintf("%s = image %s /%s", m.MountPath, v.Image.Reference, m.SubPath))
			}
		}
	}
	sec := &c.SecurityContext
	if slices.Equal(sec.Capabilities.Drop, []string{"ALL"}) {
		f.Hardening = append(f.Hardening, "capabilities")
	}
	if sec.AllowPrivilegeEscalation != nil && !*sec.AllowPrivilegeEscalation {
		f.Hardening = append(f.Hardening, "privileges")
	}
	if sec.ReadOnlyRootFilesystem {
		f.Hardening = append(f.Hardening, "root")
	}
	return f, f.limits(c.Resources.Limits)
}

type kubePod struct {
	Containers []struct {
		Image         string
		Args          []string
		Env           []struct{ Name, Value string }
		LivenessProbe struct {
			HTTPGet struct {
				Path string
				Port int
			} `yaml:"httpGet"`
		} `yaml:"livenessProbe"`
		Resources    struct{ Limits map[string]string }
		VolumeMounts []struct {
			Name      string
			MountPath string `yaml:"mountPath"`
			SubPath   string `yaml:"subPath"`
		} `yaml:"volumeMounts"`
		SecurityContext struct {
			AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
			ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
			Capabilities             struct{ Drop []string }
		} `yaml:"securityContext"`
	}
	Volumes []struct {
		Name  string
		Image struct{ Reference string }
	}
}

// limits reads quantities of Kubernetes.
func (f *facts) limits(quantities map[string]string) (err error) {
	for name, q := range quantities {
		switch name {
		case "memory":
			f.Memory, err = units.RAMInBytes(strings.TrimSuffix(q, "i"))
		case "cpu":
			milli, isMilli := strings.CutSuffix(q, "m")
			f.CPUs, err = strconv.ParseFloat(milli, 64)
			if isMilli {
				f.CPUs /= 1000
			}
		default:
			f.GPU[name], err = strconv.Atoi(q)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unexpandedKube does what Kubernetes does to args and env without any variable of the names in them.
func unexpandedKube(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		b.WriteByte(s[i])
		if s[i] == '$' && i+1 < len(s) {
			if s[i+1] != '$' {
				b.WriteByte(s[i+1])
			}
			i++
		}
	}
	return b.String()
}
