package kube

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/gpu"
)

// Resource is an extended resource of a cluster's nodes, and how many of it are wanted.
type Resource struct {
	Name  string // "nvidia.com/gpu"
	Count int
}

// kindResource is the resource of a kind of accelerators, and the domain of all resources of its vendor.
type kindResource struct {
	kind         gpu.Kind
	domain, name string
}

// resources are those that the vendors' device plugins offer: NVIDIA/k8s-device-plugin, ROCm/k8s-device-plugin,
// Ascend device plugin (Ascend910, Ascend310P and others by chip), mthreads device plugin, intel/intel-device-plugins-for-kubernetes
// (i915, xe by driver). There is none for Apple's, nor for those of WSL that are not NVIDIA's.
func resources() []kindResource {
	return []kindResource{
		{gpu.NVIDIA, "nvidia.com", "nvidia.com/gpu"},
		{gpu.AMD, "amd.com", "amd.com/gpu"},
		{gpu.Ascend, "huawei.com", "huawei.com/Ascend910"},
		{gpu.MooreThreads, "mthreads.com", "mthreads.com/gpu"},
		{gpu.Intel, "gpu.intel.com", "gpu.intel.com/i915"},
	}
}

// Kinds returns the kinds of accelerators that have a resource.
func Kinds() []gpu.Kind {
	var kinds []gpu.Kind
	for _, known := range resources() {
		kinds = append(kinds, known.kind)
	}
	return kinds
}

// ParseResource reads what a person wants of a cluster's accelerators: a kind ("nvidia") or a resource ("nvidia.com/mig-1g.5gb"),
// with "=N" for more than one. It returns the kind of the resource's vendor, "" for a vendor that is not known.
func ParseResource(text string) (Resource, gpu.Kind, error) {
	name, number, counted := strings.Cut(text, "=")
	r := Resource{Name: name, Count: 1}
	if counted {
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 {
			return Resource{}, "", fmt.Errorf("accelerators %q: %q is no number of them", text, number)
		}
		r.Count = n
	}
	for _, known := range resources() {
		domain, _, qualified := strings.Cut(name, "/")
		if name == string(known.kind) {
			r.Name = known.name
		} else if !qualified || domain != known.domain {
			continue
		}
		return r, known.kind, r.validate()
	}
	return r, "", r.validate()
}

// qualified is the name of an extended resource, a domain and a name (Kubernetes, apimachinery, IsQualifiedName).
const qualified pattern = `^[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`

func (r *Resource) validate() error {
	if !qualified.matches(r.Name) {
		return fmt.Errorf("accelerators %q: it must be a kind like nvidia, or a resource like nvidia.com/gpu", r.Name)
	}
	if r.Count < 1 {
		return fmt.Errorf("accelerators %q: %d is no number of them", r.Name, r.Count)
	}
	return nil
}

// wanted is the resource of what a Spec is given of a host's accelerators; the zero Resource if that is nothing.
func wanted(a *gpu.Access) (Resource, error) {
	if !a.Passed() {
		return Resource{}, nil
	}
	for _, known := range resources() {
		if known.kind != a.Kind {
			continue
		}
		r := Resource{Name: known.name, Count: max(len(a.Chosen), 1)}
		if len(a.Chosen) == 0 {
			r.Count = max(len(a.CDI), 1)
		}
		if a.Kind == gpu.Intel && len(a.Chosen) > 0 && a.Chosen[0].Driver == "xe" {
			r.Name = "gpu.intel.com/xe"
		}
		return r, nil
	}
	return Resource{}, fmt.Errorf("accelerators of kind %q: no resource of Kubernetes is known for them", a.Kind)
}

// limits are what the server may take; Kubernetes requests as much if nothing else is said.
func limits(spec *workload.Spec, r Resource) *requirements {
	l := map[string]string{}
	if spec.Memory > 0 {
		l["memory"] = memory(spec.Memory)
	}
	if spec.CPUs > 0 {
		l["cpu"] = cpus(spec.CPUs)
	}
	if r.Count > 0 {
		l[r.Name] = strconv.Itoa(r.Count)
	}
	if len(l) == 0 {
		return nil
	}
	return &requirements{Limits: l}
}

// memory is a number of bytes as a quantity, in the largest unit that divides it.
func memory(bytes int64) string {
	unit := ""
	for _, larger := range []string{"Ki", "Mi", "Gi"} {
		if bytes%1024 != 0 {
			break
		}
		bytes, unit = bytes/1024, larger
	}
	return strconv.FormatInt(bytes, 10) + unit
}

// cpus is a number of processors as a quantity, which knows thousandths.
func cpus(n float64) string {
	milli := int64(math.Ceil(n*1000 - 1e-6))
	if milli%1000 == 0 {
		return strconv.FormatInt(milli/1000, 10)
	}
	return strconv.FormatInt(milli, 10) + "m"
}
