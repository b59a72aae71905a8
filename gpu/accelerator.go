package gpu

import (
	"slices"
	"strings"
)

// Kind says by which driver and libraries an accelerator is used. It is what --gpu takes.
type Kind string

// The kinds of accelerators.
const (
	NVIDIA       Kind = "nvidia"
	AMD          Kind = "amd"
	Intel        Kind = "intel"
	Ascend       Kind = "ascend" // Huawei
	MooreThreads Kind = "mthreads"
	Apple        Kind = "apple" // the GPU of an Apple chip under Asahi Linux
	WSL          Kind = "wsl"   // what Windows lends to its Linux, whatever it is
)

// Kinds returns every kind, in the order in which `auto` prefers them.
func Kinds() []Kind { return []Kind{NVIDIA, AMD, Ascend, MooreThreads, Intel, Apple, WSL} }

// cdi returns the CDI vendor and class of a kind's devices; "" if its vendor has published none.
func (k Kind) cdi() string {
	switch k {
	case NVIDIA, WSL:
		return "nvidia.com/gpu"
	case AMD:
		return "amd.com/gpu"
	case Intel:
		return "intel.com/gpu"
	case Ascend:
		return "huawei.com/npu"
	case MooreThreads:
		return "mthreads.com/gpu"
	}
	return ""
}

// Accelerator is one GPU or NPU. A text that is not known is "".
type Accelerator struct {
	// Index counts the accelerators of the host from 0, in the order of Detect.
	Index int  `json:"index"`
	Kind  Kind `json:"kind"`
	// Name is what the driver or the database of PCI names calls it.
	Name string `json:"name"`
	// Arch is what compilers call its instruction set: "gfx1100". Only AMD says.
	Arch string `json:"arch,omitempty"`
	// Address is its PCI address "0000:01:00.0".
	Address       string `json:"address,omitempty"`
	Driver        string `json:"driver,omitempty"`
	DriverVersion string `json:"driverVersion,omitempty"`
	// Memory is what it can use, in bytes; -1 if unknown. MemorySource is who says so, and Shared that it is the host's
	// own memory.
	Memory       int64  `json:"memory"`
	MemorySource string `json:"memorySource,omitempty"`
	Shared       bool   `json:"shared"`
	// Partitions is the number of hardware partitions (MIG) that it is divided into; 0 for none.
	Partitions int `json:"partitions,omitempty"`
	// CDI are the names that reach it and no other accelerator. Those with the same effect stand together: the first of each
	// group is the shortest.
	CDI [][]string `json:"cdi"`
	// Nodes are its device nodes, Groups the groups that may use them.
	Nodes  []string `json:"nodes"`
	Groups []string `json:"groups,omitempty"`
	// Mounts are host paths that a container without CDI needs at the same place, read-only; Env what it needs set.
	Mounts []string `json:"mounts,omitempty"`
	Env    []string `json:"env,omitempty"`
	// NeedsCDI says that nodes alone are no use: the driver's libraries must match it, and CDI brings them.
	NeedsCDI bool `json:"needsCDI"`
	// LabelDisable says that SELinux guards the nodes from containers, and has no rule that lets one have them.
	LabelDisable bool `json:"labelDisable"`
	// Missing is what stands between it and a container; empty if nothing does.
	Missing []Missing `json:"missing,omitempty"`

	key string // the node that tells it from the others of its kind
	all string // the CDI name of every device of its kind; "" if there is none
}

// Missing is one thing that keeps a container from an accelerator.
type Missing struct {
	// What says what is missing, Fix the command that helps; "" if there is no single one.
	What string `json:"what"`
	Fix  string `json:"fix,omitempty"`
	// Fatal says that the accelerator is of no use without it.
	Fatal bool `json:"fatal"`
}

// Usable says whether a container can have the accelerator.
func (a *Accelerator) Usable() bool {
	return !slices.ContainsFunc(a.Missing, func(m Missing) bool { return m.Fatal })
}

// Names returns every CDI name that reaches this accelerator alone.
func (a *Accelerator) Names() []string { return slices.Concat(a.CDI...) }

// whole returns the CDI names that together give the whole accelerator: one if any name does, or one for each partition.
func (a *Accelerator) whole() []string {
	var parts []string
	for _, alike := range a.CDI {
		if !strings.Contains(afterEquals(alike[0]), ":") { // "0:1" is a partition of MIG (nvidia-ctk cdi generate)
			return alike[:1]
		}
		parts = append(parts, alike[0])
	}
	return parts
}

func afterEquals(name string) string {
	_, device, _ := strings.Cut(name, "=")
	return device
}

// Way says how a container reaches the whole accelerator: by CDI names, or by nodes and "+keep-groups" where they belong to a
// group; nothing if it cannot.
func (a *Accelerator) Way() []string {
	switch {
	case !a.Usable():
		return nil
	case len(a.CDI) > 0:
		return a.whole()
	case a.all != "":
		return []string{a.all}
	case len(a.Groups) > 0:
		return append(slices.Clone(a.Nodes), "+keep-groups")
	}
	return slices.Clone(a.Nodes)
}
