package workload

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/paddock-dev/paddock/gpu"
)

// Devices returns the values of --device, of either engine, and of Quadlet's AddDevice=.
func (s *Spec) Devices() []string { return slices.Concat(s.Access.CDI, s.Access.Nodes) }

// withAccess returns the variables that an accelerator needs, then the user's, which win.
func withAccess(env []EnvVar, a *gpu.Access) []EnvVar {
	var all []EnvVar
	for _, e := range a.Env {
		name, value, _ := strings.Cut(e, "=")
		if !slices.ContainsFunc(env, func(u EnvVar) bool { return u.Name == name }) {
			all = append(all, EnvVar{Name: name, Value: value})
		}
	}
	return append(all, env...)
}

// layersOf are the arguments that put every layer of a model on the accelerators, unless the user has said how many.
func layersOf(a *gpu.Access, user []string) []string {
	if !a.Passed() || slices.ContainsFunc(user, isLayers) {
		return nil
	}
	return []string{"--n-gpu-layers", "999"} // more than any model has; "all" is newer
}

func isLayers(arg string) bool {
	flag, _, _ := strings.Cut(arg, "=")
	return slices.Contains([]string{"-ngl", "--gpu-layers", "--n-gpu-layers"}, flag)
}

// validAccess refuses what an engine would take for something else.
func validAccess(a *gpu.Access) error {
	for _, name := range a.CDI {
		if !gpu.IsCDIName(name) {
			return fmt.Errorf("device %q: it must be like nvidia.com/gpu=0", name)
		}
	}
	for _, p := range slices.Concat(a.Nodes, a.Mounts) {
		if !path.IsAbs(p) || path.Clean(p) != p || strings.Contains(p, ":") {
			return fmt.Errorf("device path %q: it must be absolute, clean and without a colon", p)
		}
		if err := validText("device path", p); err != nil {
			return err
		}
	}
	return validText("accelerators of docker", a.GPUs)
}
