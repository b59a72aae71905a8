//go:build e2e

package e2e

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// exitPort is lab-registry's status for a port that is taken, or has no registry to stop.
const exitPort = 3

// RegistryOptions say how a registry serves; nil is plain http for anybody.
type RegistryOptions struct {
	User, Password string // basic authentication, where User is not empty
	TLS            bool   // https, by a private CA
	Root           string // folder in the lab that keeps the content after Stop; empty: none does
	Port           int    // 0: one that is free
}

// Registry is a real registry on the lab's loopback, for every user of the lab it was started in.
type Registry struct {
	Addr string // host:port
	CA   string // file, in the lab, of the CA's certificate; empty without TLS
	port string
	lab  Lab
}

// StartRegistry returns a registry that answers; the end of the test stops it.
func (l Lab) StartRegistry(t testing.TB, o *RegistryOptions) Registry {
	t.Helper()
	if o == nil {
		o = &RegistryOptions{}
	}
	var last Result
	for range 10 {
		port := o.Port
		if port == 0 {
			port = 20000 + rand.IntN(10000)
		}
		r := Registry{Addr: "127.0.0.1:" + strconv.Itoa(port), port: strconv.Itoa(port), lab: l}
		if last = l.Run(t, append([]string{"lab-registry", "start", r.port}, o.flags()...)...); last.Code == 0 {
			r.CA = strings.TrimSpace(last.Stdout)
			t.Cleanup(func() { r.cleanup(t) })
			return r
		}
		if last.Code != exitPort || o.Port != 0 {
			break
		}
	}
	t.Fatalf("starting a registry: exit %d\n%s", last.Code, last.Stderr)
	return Registry{}
}

func (o *RegistryOptions) flags() []string {
	var f []string
	if o.User != "" {
		f = append(f, "--htpasswd", o.User+":"+o.Password)
	}
	if o.TLS {
		f = append(f, "--tls")
	}
	if o.Root != "" {
		f = append(f, "--root", o.Root)
	}
	return f
}

// Stop ends the registry; a Registry started on the same Port and Root serves its content again.
func (r Registry) Stop(t testing.TB) {
	t.Helper()
	r.lab.MustRun(t, "lab-registry", "stop", r.port)
}

// cleanup stops what the test has not; a reboot or a reset ends registries too.
func (r Registry) cleanup(t testing.TB) {
	t.Helper()
	if got := r.lab.Run(t, "lab-registry", "stop", r.port); got.Code != 0 && got.Code != exitPort {
		t.Errorf("stopping the registry on %s: exit %d\n%s", r.Addr, got.Code, got.Stderr)
	}
}
