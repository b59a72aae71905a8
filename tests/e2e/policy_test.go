//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// The rules that the tests are made of, in the words of containers-policy.json(5).
const (
	accept = `[{"type": "insecureAcceptAnything"}]`
	reject = `[{"type": "reject"}]`
)

// policy is a policy.json: a default, and rules by scope of the transport docker.
func policy(fallback string, scopes map[string]string) string {
	var rules []string
	for scope, rule := range scopes {
		rules = append(rules, fmt.Sprintf("%q: %s", scope, rule))
	}
	return fmt.Sprintf(`{"default": %s, "transports": {"docker": {%s}}}`, fallback, strings.Join(rules, ", "))
}

// insecure is a registries.conf that lets a registry be asked without TLS.
func insecure(registries ...registry) string {
	conf := ""
	for _, r := range registries {
		conf += fmt.Sprintf("[[registry]]\nlocation = %q\ninsecure = true\n", r.Addr)
	}
	return conf
}

// refused checks a pull that the policy of a file has to refuse before any of the model's bytes are asked for.
func refused(t *testing.T, who place, reg registry, name, file string) (Result, []request) {
	t.Helper()
	var r Result
	asked := reg.during(t, func() { r = who.pull(t, name) })
	if r.Code != 5 || r.Stdout != "" {
		t.Errorf("exit %d, %s%s", r.Code, r.Stdout, r.Stderr)
	}
	for _, word := range []string{name, "refused by policy", file, "paddock: hint: "} {
		if !strings.Contains(r.Stderr, word) {
			t.Errorf("%q is not in: %s", word, r.Stderr)
		}
	}
	for _, file := range single(t).sums(t) {
		if blobs(asked)["sha256:"+file] {
			t.Errorf("the model was fetched: %v", asked)
		}
	}
	if podmanHas(t, who, name) {
		t.Error("the name is there")
	}
	return r, asked
}

// allowed checks a pull that the policy has to let pass, and undoes it.
func allowed(t *testing.T, who place, name string) {
	t.Helper()
	if r := who.pull(t, name); r.Code != 0 {
		t.Errorf("exit %d, %s", r.Code, r.Stderr)
		return
	}
	who.MustRun(t, "paddock", "rm", name)
}

// TestPolicyScopes: containers-policy.json says what may be pulled, for everything or by registry, namespace, repository and
// tag; the most specific rule counts. Podman says the same of each. An ordinary user has a few of them: what differs is where the
// file is.
func TestPolicyScopes(t *testing.T) {
	reg := startRegistry(t, nil)
	name := reg.Addr + "/team/model:1"
	pushModelPack(t, reg, name, single(t))
	for _, who := range everyone(t) {
		t.Run(who.name, func(t *testing.T) {
			who.configure(t, "registries.conf.d/lab.conf", insecure(reg))
			for _, c := range []struct {
				what, policy string
				pass         bool
			}{
				{"default accepts", policy(accept, nil), true},
				{"default rejects", policy(reject, nil), false},
				{"all of docker", policy(reject, map[string]string{"": accept}), true},
				{"registry", policy(reject, map[string]string{reg.Addr: accept}), true},
				{"namespace", policy(reject, map[string]string{reg.Addr + "/team": accept}), true},
				{"repository", policy(reject, map[string]string{reg.Addr + "/team/model": accept}), true},
				{"tag", policy(reject, map[string]string{name: accept}), true},
				{"other namespace", policy(reject, map[string]string{reg.Addr + "/tea": accept}), false},
				{"other tag", policy(reject, map[string]string{reg.Addr + "/team/model:2": accept}), false},
				{"specific allows", policy(accept, map[string]string{reg.Addr: reject, reg.Addr + "/team": accept}), true},
				{"specific rejects", policy(accept, map[string]string{reg.Addr: accept, reg.Addr + "/team/model": reject}), false},
				{"other transport", `{"default": ` + reject + `, "transports": {"oci": {"": ` + accept + `}}}`, false},
			} {
				if who.name != "root" && c.what != "repository" && c.what != "specific rejects" {
					continue
				}
				t.Run(c.what, func(t *testing.T) {
					file := who.configure(t, "policy.json", c.policy)
					if got := who.podmanPulls(t, name); got != c.pass {
						t.Errorf("podman pulls it: %t", got)
					}
					if c.pass {
						allowed(t, who, name)
						return
					}
					r, asked := refused(t, who, reg, name, file)
					if !strings.Contains(r.Stderr, "podman image trust show") {
						t.Errorf("no hint: %s", r.Stderr)
					}
					if len(asked) != 2 || strings.Contains(fmt.Sprint(asked), "/blobs/") {
						t.Errorf("want a handshake and a manifest, not %v", asked)
					}
				})
			}
		})
	}
}

// TestPolicyOfTheMachine: a user without a policy has the machine's; one with a policy of their own has only that.
func TestPolicyOfTheMachine(t *testing.T) {
	reg := startRegistry(t, nil)
	name := reg.Addr + "/team/model:1"
	pushModelPack(t, reg, name, single(t))
	root, user := asRoot(t), place{Lab{}.User("ai"), "ai"}
	root.configure(t, "registries.conf.d/lab.conf", insecure(reg))
	file := root.configure(t, "policy.json", policy(reject, nil))
	refused(t, user, reg, name, file)
	user.configure(t, "policy.json", policy(accept, nil))
	allowed(t, user, name)
}

// TestPolicyBroken: a policy that cannot be read lets nothing pass, and is not taken for a refusal.
func TestPolicyBroken(t *testing.T) {
	reg := startRegistry(t, nil)
	name := reg.Addr + "/team/model:1"
	pushModelPack(t, reg, name, single(t))
	for _, who := range everyone(t) {
		who.configure(t, "registries.conf.d/lab.conf", insecure(reg))
		for _, content := range []string{"", "{}", `{"default": [{"type": "rejct"}]}`, `{"default": []}`, `{"default": ` + accept + `, "extra": 1}`} {
			file := who.configure(t, "policy.json", content)
			var r Result
			asked := reg.during(t, func() { r = who.pull(t, name) })
			if r.Code != 1 || !strings.Contains(r.Stderr, file) || !strings.Contains(r.Stderr, name) || len(asked) > 0 {
				t.Errorf("%s: %q: exit %d, %s, requests %v", who.name, content, r.Code, r.Stderr, asked)
			}
		}
	}
	root := asRoot(t)
	root.configure(t, "policy.json", "") // put back at the end
	root.MustRun(t, "rm", "/etc/containers/policy.json")
	if r := root.pull(t, name); r.Code != 1 || !strings.Contains(r.Stderr, "/etc/containers/policy.json") {
		t.Errorf("no policy: exit %d, %s", r.Code, r.Stderr)
	}
}
