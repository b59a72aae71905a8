//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

// TestPassword: a registry with a password works with --authfile, --creds and podman login's own file; wrong is exit 4.
func TestPassword(t *testing.T) {
	reg := startRegistry(t, &RegistryOptions{User: "ann", Password: "s3cret"})
	for _, who := range everyone(t) {
		t.Run(who.name, func(t *testing.T) {
			name := reg.Addr + "/m/secret-" + who.name + ":1"
			digest := pushModelPack(t, reg, name, single(t))
			pull := func(flags ...string) Result {
				return who.Run(t, append(append([]string{"paddock", "pull", "--tls-verify=false"}, flags...), name)...)
			}
			refused := func(what string, r Result) {
				if r.Code != 4 || !strings.Contains(r.Stderr, reg.Addr) || !strings.Contains(r.Stderr, "paddock login") || strings.Contains(r.Stderr, "s3cret") {
					t.Errorf("%s: exit %d, %s", what, r.Code, r.Stderr)
				}
			}
			taken := func(what string, r Result) {
				if r.Code != 0 || !strings.Contains(r.Stdout, digest) {
					t.Errorf("%s: exit %d, %s", what, r.Code, r.Stderr)
				}
				who.MustRun(t, "paddock", "rm", name)
			}
			refused("no credentials", pull())
			refused("a wrong password", pull("--creds", "ann:wrong"))
			taken("--creds", pull("--creds", "ann:s3cret"))

			auth := who.MustRun(t, "mktemp", "-u", "/tmp/auth.XXXXXX.json")
			auth = strings.TrimSpace(auth)
			who.MustRun(t, "podman", "login", "--tls-verify=false", "--authfile", auth, "-u", "ann", "-p", "s3cret", reg.Addr)
			taken("--authfile", pull("--authfile", auth))
			who.MustRun(t, "podman", "login", "--tls-verify=false", "-u", "ann", "-p", "s3cret", reg.Addr)
			taken("podman login's own file", pull())
			taken("REGISTRY_AUTH_FILE", who.Run(t, "env", "REGISTRY_AUTH_FILE="+auth, "paddock", "pull", "--tls-verify=false", name))
			who.MustRun(t, "podman", "logout", reg.Addr)
			refused("after logout", pull())
			if r := pull("--authfile", "/nonexistent/auth.json"); r.Code == 0 {
				t.Error("a missing authfile was ignored")
			}
			if r := who.Run(t, "paddock", "pull", "--tls-verify=false", "--creds", "ann:s3cret", reg.Addr+"/m/none:1"); r.Code != 3 || !strings.Contains(r.Stderr, "m/none") {
				t.Errorf("an unknown name: exit %d, %s", r.Code, r.Stderr)
			}
			assertStoreWhole(t, who)
		})
	}
}

// TestPrivateCA: TLS by a private CA works by --cert-dir and by certs.d, and fails without either.
func TestPrivateCA(t *testing.T) {
	reg := startRegistry(t, &RegistryOptions{TLS: true})
	for _, who := range everyone(t) {
		t.Run(who.name, func(t *testing.T) {
			name := reg.Addr + "/m/tls-" + who.name + ":1"
			digest := pushModelPack(t, reg, name, single(t))
			if r := who.Run(t, "paddock", "pull", name); r.Code != 1 || !strings.Contains(r.Stderr, "certificate") {
				t.Errorf("without the CA: exit %d, %s", r.Code, r.Stderr)
			}
			dir := strings.TrimSpace(who.MustRun(t, "mktemp", "-d"))
			who.MustRun(t, "cp", reg.CA, dir+"/ca.crt")
			if out := who.MustRun(t, "paddock", "pull", "--cert-dir", dir, name); !strings.Contains(out, digest) {
				t.Errorf("--cert-dir: %s", out)
			}
			who.MustRun(t, "paddock", "rm", name)
			certs := "/etc/containers/certs.d/" + reg.Addr
			if who.name != "root" {
				certs = "$HOME/.config/containers/certs.d/" + reg.Addr
			}
			who.MustRun(t, "sh", "-c", `mkdir -p "`+certs+`" && cp `+reg.CA+` "`+certs+`/ca.crt"`)
			t.Cleanup(func() { who.Run(t, "sh", "-c", `rm -rf "`+certs+`"`) })
			if out := who.MustRun(t, "paddock", "pull", name); !strings.Contains(out, digest) {
				t.Errorf("certs.d: %s", out)
			}
			who.MustRun(t, "paddock", "rm", name)
		})
	}
}
