//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

// TestPullUnchanged: the second pull of a name that has not moved costs three requests at most, and no byte of a blob. One of
// another name of the same manifest costs no more.
func TestPullUnchanged(t *testing.T) {
	people := everyone(t)
	for _, c := range []struct {
		what string
		who  place
		o    *RegistryOptions
	}{
		{"open", people[0], nil},
		{"password", people[1], &RegistryOptions{User: "ann", Password: "s3cret"}},
		{"TLS", people[0], &RegistryOptions{TLS: true}},
	} {
		t.Run(c.what, func(t *testing.T) {
			reg := startRegistry(t, c.o)
			one, two := reg.Addr+"/m/one:1", reg.Addr+"/m/two:1"
			digest := pushModelPack(t, reg, one, split(t))
			pushModelPack(t, reg, two, split(t))
			flags := []string{"--tls-verify=false"}
			if reg.options.User != "" {
				flags = append(flags, "--creds", reg.options.User+":"+reg.options.Password)
			}
			if got := blobs(reg.during(t, func() { pullOnce(t, c.who, digest, one, flags) })); len(got) != 5 {
				t.Errorf("the first pull read %v, want the config and four files", got)
			}
			for _, name := range []string{one, two} {
				asked := reg.during(t, func() { pullOnce(t, c.who, digest, name, flags) })
				if len(asked) > 3 || len(asked) == 0 || len(blobs(asked)) > 0 {
					t.Errorf("%s: %v", name, asked)
				}
			}
			c.who.MustRun(t, "paddock", "rm", one, two)
		})
	}
}

// pullOnce runs one pull that has to print the digest.
func pullOnce(t *testing.T, who place, digest, name string, flags []string) {
	t.Helper()
	if r := who.pull(t, append(flags, name)...); r.Code != 0 || strings.TrimSpace(r.Stdout) != name+" "+digest {
		t.Errorf("%s: exit %d, %s%s", name, r.Code, r.Stdout, r.Stderr)
	}
}
