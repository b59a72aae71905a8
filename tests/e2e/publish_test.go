//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

// registry is a real registry, and how to publish to it.
type registry struct {
	Registry
	options *RegistryOptions
}

func startRegistry(t *testing.T, o *RegistryOptions) registry {
	t.Helper()
	return registryIn(t, Lab{}, o)
}

func registryIn(t *testing.T, l Lab, o *RegistryOptions) registry {
	t.Helper()
	if o == nil {
		o = &RegistryOptions{}
	}
	return registry{l.StartRegistry(t, o), o}
}

// flags are what oras needs to reach the registry.
func (r registry) flags() []string {
	f := []string{"--plain-http"}
	if r.CA != "" {
		f = []string{"--ca-file", r.CA}
	}
	if r.options.User != "" {
		f = append(f, "-u", r.options.User, "-p", r.options.Password)
	}
	return f
}

// oras runs oras in a folder and returns what it printed.
func (r registry) oras(t *testing.T, dir string, args ...string) string {
	t.Helper()
	return r.lab.MustRun(t, append([]string{"env", "-C", dir, "oras"}, args...)...)
}

// files lists the files below a folder of the lab.
func (r registry) files(t *testing.T, dir string) []string {
	t.Helper()
	return strings.Fields(r.lab.MustRun(t, "find", dir, "-type", "f", "-printf", "%P\n"))
}
