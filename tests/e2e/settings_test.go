//go:build e2e

package e2e

import (
	"path"
	"testing"
)

// configDir is where this person's own containers configuration is.
func (p place) configDir() string {
	if p.name == "root" {
		return "/etc/containers"
	}
	return "/home/" + p.name + "/.config/containers"
}

// configure writes one file of this person's containers configuration and returns its path. The end of the test puts back what
// was there.
func (p place) configure(t testing.TB, name, content string) string {
	t.Helper()
	file := path.Join(p.configDir(), name)
	before := p.Run(t, "cat", file)
	t.Cleanup(func() {
		if before.Code == 0 {
			p.write(t, file, before.Stdout)
		} else {
			p.MustRun(t, "rm", "-f", file)
		}
	})
	p.write(t, file, content)
	return file
}

func (p place) write(t testing.TB, file, content string) {
	t.Helper()
	p.Stdin(content).MustRun(t, "sh", "-c", `mkdir -p "$(dirname "$1")" && cat >"$1"`, "_", file)
}

// pull runs paddock's pull.
func (p place) pull(t testing.TB, args ...string) Result {
	t.Helper()
	return p.Run(t, append([]string{"paddock", "pull", "-q"}, args...)...)
}

// podmanPulls says whether podman pulls the same, and undoes it.
func (p place) podmanPulls(t testing.TB, name string) bool {
	t.Helper()
	pulled := p.Run(t, "podman", "artifact", "pull", "-q", name).Code == 0
	if pulled {
		p.MustRun(t, "podman", "artifact", "rm", name)
	}
	return pulled
}
