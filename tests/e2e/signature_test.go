//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// signed is a registry with the same model under several names, and the keys that signed some of them.
type signed struct {
	registry
	dir    string // in the lab, for all to read: what the keys' public halves are in
	digest string // of every manifest
}

// startSigned publishes team/plain:1.
func startSigned(t *testing.T) signed {
	t.Helper()
	reg := startRegistry(t, nil)
	dir := strings.TrimSpace(Lab{}.MustRun(t, "mktemp", "-d", "/var/tmp/keys.XXXXXX"))
	t.Cleanup(func() { Lab{}.Run(t, "rm", "-rf", dir) })
	Lab{}.MustRun(t, "chmod", "755", dir)
	s := signed{reg, dir, pushModelPack(t, reg, reg.Addr+"/team/plain:1", single(t))}
	for _, who := range everyone(t) {
		who.configure(t, "registries.conf.d/lab.conf", insecure(reg))
	}
	return s
}

// name is a name in the registry.
func (s signed) name(repoTag string) string { return s.Addr + "/team/" + repoTag }

// sign copies team/plain:1 to another name, signing it as skopeo's flags say.
func (s signed) sign(t *testing.T, repoTag string, flags ...string) {
	t.Helper()
	args := append([]string{"env", "-C", s.dir, "GNUPGHOME=" + s.dir + "/gpg", "skopeo", "copy", "-q", "--preserve-digests",
		"--src-tls-verify=false", "--dest-tls-verify=false"}, flags...)
	Lab{}.MustRun(t, append(args, "docker://"+s.name("plain:1"), "docker://"+s.name(repoTag))...)
}

// places writes the file of registries.d that says where the registry's signatures are.
func (s signed) places(t *testing.T, lines ...string) {
	t.Helper()
	asRoot(t).configure(t, "registries.d/lab.yaml", fmt.Sprintf("docker:\n  %s:\n    %s\n", s.Addr, strings.Join(lines, "\n    ")))
}

// verdict is what a policy has to say of a name: nothing, or words of the reason to refuse it.
type verdict struct{ repoTag, refusal, hint string }

// judge pulls names under a policy whose one rule is for the registry.
func (s signed) judge(t *testing.T, rule string, verdicts ...verdict) {
	t.Helper()
	for _, who := range everyone(t) {
		t.Run(who.name, func(t *testing.T) {
			file := who.configure(t, "policy.json", policy(reject, map[string]string{s.Addr: rule}))
			for _, v := range verdicts {
				t.Run(v.repoTag, func(t *testing.T) {
					if got := s.skopeoCopies(t, who, v.repoTag); got != (v.refusal == "") {
						t.Errorf("skopeo copies it: %t", got)
					}
					if v.refusal == "" {
						allowed(t, who, s.name(v.repoTag))
						return
					}
					r, _ := refused(t, who, s.registry, s.name(v.repoTag), file)
					for _, word := range []string{v.refusal, v.hint} {
						if !strings.Contains(r.Stderr, word) {
							t.Errorf("%q is not in: %s", word, r.Stderr)
						}
					}
				})
			}
		})
	}
}

// skopeoCopies says whether skopeo, which reads the same policy, accepts a name. Podman 5.8 pulls no artifact that has a
// signature, whatever the policy: "Pushing signatures for OCI images is not supported".
func (s signed) skopeoCopies(t *testing.T, who place, repoTag string) bool {
	t.Helper()
	dir := strings.TrimSpace(who.MustRun(t, "mktemp", "-d"))
	defer who.MustRun(t, "rm", "-r", dir)
	return who.Run(t, "skopeo", "copy", "-q", "--remove-signatures", "docker://"+s.name(repoTag), "dir:"+dir).Code == 0
}

// TestPolicySigstore: what "skopeo copy --sign-by-sigstore-private-key" signed with the key of the policy is pulled. Refused
// are no signature, one by another key, one for another name, and one of another manifest.
func TestPolicySigstore(t *testing.T) {
	s := startSigned(t)
	s.places(t, "use-sigstore-attachments: true")
	Lab{}.Stdin("a passphrase\n").MustRun(t, "sh", "-c", "cat >"+s.dir+"/pass")
	for _, key := range []string{"ours", "theirs"} {
		Lab{}.MustRun(t, "env", "-C", s.dir, "skopeo", "generate-sigstore-key", "--output-prefix", key, "--passphrase-file", "pass")
		Lab{}.MustRun(t, "chmod", "644", s.dir+"/"+key+".pub")
		s.sign(t, key+":1", "--sign-by-sigstore-private-key", key+".private", "--sign-passphrase-file", "pass")
	}
	attached := func(digest string) string { return ":" + strings.Replace(digest, ":", "-", 1) + ".sig" }
	copyTag := func(from, to string) {
		s.oras(t, s.dir, "cp", "--from-plain-http", "--to-plain-http", s.name(from), s.name(to))
	}
	copyTag("ours:1", "renamed:1")
	copyTag("ours"+attached(s.digest), "renamed"+attached(s.digest))
	other := pushModelPackAs(t, s.registry, s.name("ours:forged"), single(t), "forged")
	copyTag("ours"+attached(s.digest), "ours"+attached(other))

	rule := func(key string) string {
		return fmt.Sprintf(`[{"type": "sigstoreSigned", "keyPath": "%s/%s.pub"}]`, s.dir, key)
	}
	const trust = "podman image trust show"
	s.judge(t, rule("ours"),
		verdict{repoTag: "ours:1"},
		verdict{repoTag: "ours@" + s.digest},
		verdict{"plain:1", "no signature exists", "use-sigstore-attachments"},
		verdict{"theirs:1", "signature verification failed", trust},
		verdict{"renamed:1", "is not accepted", trust},
		verdict{"ours:forged", "does not match", trust},
	)
	t.Run("key missing", func(t *testing.T) {
		s.judge(t, rule("none"), verdict{"ours:1", s.dir + "/none.pub", trust})
	})
	t.Run("not looked for", func(t *testing.T) {
		s.places(t, "use-sigstore-attachments: false")
		s.judge(t, rule("ours"), verdict{"ours:1", "no signature exists", "use-sigstore-attachments"})
	})
}

// TestPolicyGPG: likewise with signatures of GnuPG, made by "skopeo copy --sign-by", in a folder of registries.d.
func TestPolicyGPG(t *testing.T) {
	s := startSigned(t)
	lookaside := "file://" + s.dir + "/signatures"
	s.places(t, "lookaside: "+lookaside, "lookaside-staging: "+lookaside)
	Lab{}.MustRun(t, "mkdir", "-m", "700", s.dir+"/gpg")
	gpg := []string{"gpg", "--homedir", s.dir + "/gpg", "--batch", "--quiet", "--passphrase", ""}
	for _, key := range []string{"ours", "theirs"} {
		mail := key + "@lab.example"
		Lab{}.MustRun(t, append(gpg, "--quick-generate-key", mail, "default", "sign", "never")...)
		Lab{}.MustRun(t, append(gpg, "--output", s.dir+"/"+key+".gpg", "--export", mail)...)
		Lab{}.MustRun(t, "chmod", "644", s.dir+"/"+key+".gpg")
		s.sign(t, key+":1", "--sign-by", mail)
	}
	Lab{}.MustRun(t, "gpgconf", "--homedir", s.dir+"/gpg", "--kill", "all")
	copyFile := func(from, to string) {
		at := s.dir + "/signatures/team/"
		Lab{}.MustRun(t, "cp", "-r", at+from+"@"+strings.Replace(s.digest, ":", "=", 1), at+to)
	}
	other := pushModelPackAs(t, s.registry, s.name("ours:forged"), single(t), "forged")
	copyFile("ours", "ours@"+strings.Replace(other, ":", "=", 1))
	pushModelPack(t, s.registry, s.name("renamed:1"), single(t))
	copyFile("ours", "renamed@"+strings.Replace(s.digest, ":", "=", 1))
	Lab{}.MustRun(t, "chmod", "-R", "a+rX", s.dir+"/signatures")

	const trust = "podman image trust show"
	s.judge(t, fmt.Sprintf(`[{"type": "signedBy", "keyType": "GPGKeys", "keyPath": "%s/ours.gpg"}]`, s.dir),
		verdict{repoTag: "ours:1"},
		verdict{repoTag: "ours@" + s.digest},
		verdict{"plain:1", "no signature exists", "lookaside"},
		verdict{"theirs:1", "signature", trust},
		verdict{"renamed:1", "is not accepted", trust},
		verdict{"ours:forged", "does not match", trust},
	)
}
