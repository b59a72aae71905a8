//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"

	fake "github.com/paddock-dev/paddock/tests/fakes/registry"
)

// TestPushLogin: paddock login and podman login are one, over TLS by a private CA; wrong and missing credentials are exit 4.
func TestPushLogin(t *testing.T) {
	reg := startRegistry(t, &RegistryOptions{User: "ann", Password: "s3cret", TLS: true})
	for _, who := range everyone(t) {
		t.Run(who.name, func(t *testing.T) {
			certs := who.temp(t)
			who.MustRun(t, "cp", reg.CA, certs+"/ca.crt")
			dir := single(t).unpack(t, who.Lab)
			who.MustRun(t, "paddock", "pack", "-t", "m", dir)
			name := reg.Addr + "/team/" + who.name + ":1"
			push := func(flags ...string) Result {
				return who.Run(t, append(append([]string{"paddock", "push", "--cert-dir", certs}, flags...), "localhost/m", name)...)
			}
			if r := push(); r.Code != 4 || !strings.Contains(r.Stderr, reg.Addr) {
				t.Errorf("no credentials: exit %d, %s", r.Code, r.Stderr)
			}
			login := func(l Lab, args ...string) Result {
				return l.Run(t, append([]string{"paddock", "login", "--cert-dir", certs, "-u", "ann"}, append(args, reg.Addr)...)...)
			}
			if r := login(who.Lab.Stdin("wrong\n"), "--password-stdin"); r.Code != 4 || strings.Contains(r.Stderr, "wrong\n") {
				t.Errorf("wrong password: exit %d, %s", r.Code, r.Stderr)
			}
			if r := login(who.Lab.Stdin("s3cret\n"), "--password-stdin"); r.Code != 0 || r.Stdout != "Login Succeeded!\n" {
				t.Errorf("login: exit %d, %s", r.Code, r.Stderr)
			}
			if got := who.MustRun(t, "podman", "login", "--get-login", reg.Addr); got != "ann\n" {
				t.Errorf("podman says %q", got)
			}
			if r := push(); r.Code != 0 {
				t.Errorf("push: exit %d, %s", r.Code, r.Stderr)
			}
			if got := who.MustRun(t, "paddock", "tags", "--cert-dir", certs, name); got != name+"\n" {
				t.Errorf("tags: %q", got)
			}
			who.MustRun(t, "podman", "logout", reg.Addr)
			if r := who.Run(t, "paddock", "login", "--get-login", reg.Addr); r.Code != 3 {
				t.Errorf("after podman logout: exit %d, %s", r.Code, r.Stdout)
			}
			if r := push("--creds", "ann:wrong"); r.Code != 4 || strings.Contains(r.Stderr, "ann:wrong") {
				t.Errorf("--creds wrong: exit %d, %s", r.Code, r.Stderr)
			}
			who.MustRun(t, "paddock", "rm", "localhost/m")
		})
	}
}

// TestPushAfterKill: a push that was killed is gone on with by the next one.
func TestPushAfterKill(t *testing.T) {
	const size, chunk = 160 << 20, 64 << 20
	for _, who := range everyone(t) {
		t.Run(who.name, func(t *testing.T) {
			at := fake.New(t, &fake.Options{Writable: true, Listen: who.Listener(t)})
			dir := who.temp(t)
			who.MustRun(t, "sh", "-c", fmt.Sprintf("head -c %d /dev/urandom >%s/model.bin", size, dir))
			packed := digestIn(t, who.MustRun(t, "paddock", "pack", "-q", "-t", "big", dir))
			name := at.Host() + "/team/big:1"
			push := []string{"paddock", "push", "-q", "--jobs=1", "--tls-verify=false", "localhost/big", name}
			at.Break(fake.Fault{Where: fake.Upload, Skip: 2, StallAfter: -1}) // POST and one PATCH pass
			if r := who.Run(t, append([]string{"timeout", "-s", "KILL", "15"}, push...)...); r.Code != 137 {
				t.Fatalf("exit %d, %s", r.Code, r.Stderr)
			}
			if taken := at.BytesTaken(); taken < chunk {
				t.Fatalf("only %d bytes came before the kill", taken)
			}
			at.Repair()
			if got := digestIn(t, who.MustRun(t, push...)); got != packed {
				t.Errorf("pushed %s, packed %s", got, packed)
			}
			if taken := at.BytesTaken(); taken > size+10_000 {
				t.Errorf("%d bytes were sent for %d", taken, size)
			}
			who.MustRun(t, "paddock", "rm", "localhost/big")
		})
	}
}

// TestPushSigned: what push signs, a policy that wants the signature accepts, and one that wants another key does not.
func TestPushSigned(t *testing.T) {
	s := startSigned(t)
	lookaside := "file://" + s.dir + "/signatures"
	s.places(t, "use-sigstore-attachments: true", "lookaside: "+lookaside, "lookaside-staging: "+lookaside)
	in := Lab{}
	in.Stdin("a passphrase\n").MustRun(t, "sh", "-c", "cat >"+s.dir+"/pass")
	in.MustRun(t, "env", "-C", s.dir, "skopeo", "generate-sigstore-key", "--output-prefix", "ours", "--passphrase-file", "pass")
	in.MustRun(t, "mkdir", "-m", "700", s.dir+"/gpg")
	gpg := []string{"gpg", "--homedir", s.dir + "/gpg", "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase-file", s.dir + "/pass"}
	in.MustRun(t, append(gpg, "--quick-generate-key", "ours@lab.example", "default", "sign", "never")...)
	in.MustRun(t, append(gpg, "--output", s.dir+"/ours.gpg", "--export", "ours@lab.example")...)
	in.MustRun(t, "gpgconf", "--homedir", s.dir+"/gpg", "--kill", "all")
	in.MustRun(t, "chmod", "644", s.dir+"/ours.gpg", s.dir+"/ours.pub")

	root := asRoot(t)
	root.MustRun(t, "paddock", "pull", "-q", s.name("plain:1"))
	push := func(to string, flags ...string) Result {
		args := append([]string{"env", "GNUPGHOME=" + s.dir + "/gpg", "paddock", "push"}, flags...)
		return root.Run(t, append(args, s.name("plain:1"), s.name(to))...)
	}
	for to, flags := range map[string][]string{
		"sigstore:1": {"--sign-by-sigstore-private-key", s.dir + "/ours.private", "--sign-passphrase-file", s.dir + "/pass"},
		"gpg:1":      {"--sign-by", "ours@lab.example", "--sign-passphrase-file", s.dir + "/pass"},
	} {
		if r := push(to, flags...); r.Code != 0 || !strings.Contains(r.Stdout, s.digest) {
			t.Fatalf("%s: exit %d, %s", to, r.Code, r.Stderr)
		}
	}
	in.MustRun(t, "chmod", "-R", "a+rX", s.dir+"/signatures")
	if r := push("bad:1", "--sign-by", "nobody@lab.example"); r.Code != 1 || !strings.Contains(r.Stderr, "signing") {
		t.Errorf("a key that is not there: exit %d, %s", r.Code, r.Stderr)
	}
	if r := root.Run(t, "paddock", "inspect", "--remote", s.name("bad:1")); r.Code != 3 {
		t.Errorf("what could not be signed is published: exit %d, %s", r.Code, r.Stderr)
	}
	root.MustRun(t, "paddock", "rm", s.name("plain:1"))
	t.Run("sigstore", func(t *testing.T) {
		s.judge(t, fmt.Sprintf(`[{"type": "sigstoreSigned", "keyPath": "%s/ours.pub"}]`, s.dir),
			verdict{repoTag: "sigstore:1"}, verdict{"gpg:1", "no signature exists", "use-sigstore-attachments"})
	})
	t.Run("gpg", func(t *testing.T) {
		s.judge(t, fmt.Sprintf(`[{"type": "signedBy", "keyType": "GPGKeys", "keyPath": "%s/ours.gpg"}]`, s.dir),
			verdict{repoTag: "gpg:1"}, verdict{"sigstore:1", "no signature exists", "lookaside"})
	})
}
