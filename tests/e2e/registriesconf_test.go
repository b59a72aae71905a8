//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// TestMirrorKinds: pull-from-mirror and mirror-by-digest-only say which names a mirror is asked for.
func TestMirrorKinds(t *testing.T) {
	m := startMirrored(t)
	tag, digest := m.push(t, "tiny:1", single(t))
	pinned := brand + "/tiny@" + digest
	who := asRoot(t)
	for _, c := range []struct {
		conf            string
		byTag, byDigest bool // the mirror serves
	}{
		{m.conf(), true, true},
		{m.conf(`pull-from-mirror = "all"`), true, true},
		{m.conf(`pull-from-mirror = "digest-only"`), false, true},
		{m.conf(`pull-from-mirror = "tag-only"`), true, false},
		{strings.Replace(m.conf(), "[[registry.mirror]]", "mirror-by-digest-only = true\n[[registry.mirror]]", 1), false, true},
	} {
		who.configure(t, "registries.conf.d/lab.conf", c.conf)
		for name, mirrors := range map[string]bool{tag: c.byTag, pinned: c.byDigest} {
			origin, mirror := m.asked(t, who, name)
			if (len(mirror) > 0) != mirrors || (len(origin) > 0) == mirrors {
				t.Errorf("%s with %s: the mirror is asked %v, the origin %v", name, c.conf, mirror, origin)
			}
		}
	}
}

// TestMirrorNowhere: what no place has is not found; what no place could be asked for is an error, and not "not found".
func TestMirrorNowhere(t *testing.T) {
	m := startMirrored(t)
	m.push(t, "tiny:1", single(t))
	for _, who := range everyone(t) {
		who.configure(t, "registries.conf.d/lab.conf", m.conf())
	}
	fails := func(state string, code int, words ...string) {
		for _, who := range everyone(t) {
			r := who.pull(t, brand+"/none:1")
			for _, word := range append(words, brand+"/none:1", m.origin.Addr, m.mirror.Addr) {
				if r.Code != code || !strings.Contains(r.Stderr, word) {
					t.Errorf("%s, %s: exit %d, want %d and %q: %s", state, who.name, r.Code, code, word, r.Stderr)
				}
			}
		}
	}
	fails("both up", 3, "not found")
	m.mirror.Stop(t)
	fails("mirror down", 3, "not found")
	m.origin.Stop(t)
	fails("both down", 1, "connection refused")
}

// TestMirrorBlocked: what registries.conf blocks is refused before anything is asked of anybody, and the file is named.
func TestMirrorBlocked(t *testing.T) {
	m := startMirrored(t)
	name, _ := m.push(t, "tiny:1", single(t))
	direct := m.origin.Addr + "/team/tiny:1"
	block := func(location string) string {
		key := "location"
		if strings.HasPrefix(location, "*") {
			key = "prefix"
		}
		return fmt.Sprintf("[[registry]]\n%s = %q\nblocked = true\n", key, location)
	}
	for _, who := range everyone(t) {
		for _, c := range []struct{ conf, name, prefix string }{
			{block(brand), name, brand},
			{block("*.example"), name, "*.example"},
			{block(brand + "/tiny"), name, brand + "/tiny"},
			{block(brand+"/tiny") + m.conf(), name, brand + "/tiny"},
			{insecure(m.origin) + block(m.origin.Addr+"/team"), direct, m.origin.Addr + "/team"},
			{strings.Replace(m.conf(), "insecure = true", "insecure = true\nblocked = true", 1), name, brand},
		} {
			file := who.configure(t, "registries.conf.d/lab.conf", c.conf)
			var r Result
			var mirror []request
			origin := m.origin.during(t, func() { mirror = m.mirror.during(t, func() { r = who.pull(t, c.name) }) })
			if r.Code != 5 || r.Stdout != "" || len(origin)+len(mirror) > 0 {
				t.Errorf("%s: exit %d, requests %v %v", c.conf, r.Code, origin, mirror)
			}
			for _, word := range []string{c.name, "refused by policy", "registry " + c.prefix + " is blocked in " + file, "hint: man containers-registries.conf"} {
				if !strings.Contains(r.Stderr, word) {
					t.Errorf("%s: %q is not in: %s", c.conf, word, r.Stderr)
				}
			}
		}
	}
}

// TestMirrorInsecure: insecure = true allows plain HTTP, and TLS by an unknown CA, without a flag; --tls-verify overrules it. A
// registry that is not said to be insecure is not.
func TestMirrorInsecure(t *testing.T) {
	plain, private := startRegistry(t, nil), startRegistry(t, &RegistryOptions{TLS: true})
	for _, who := range everyone(t) {
		for _, reg := range []registry{plain, private} {
			name, hint := reg.Addr+"/team/"+who.name+":1", "--tls-verify=false"
			if reg.CA != "" {
				hint = "certs.d/" + reg.Addr
			}
			pushModelPack(t, reg, name, single(t))
			file := who.configure(t, "registries.conf.d/lab.conf", "")
			fails := func(what string, args ...string) {
				var r Result
				asked := reg.during(t, func() { r = who.pull(t, args...) })
				if r.Code != 1 || !strings.Contains(r.Stderr, name) || !strings.Contains(r.Stderr, hint) || len(asked) > 0 {
					t.Errorf("%s, %s: exit %d, %s", name, what, r.Code, r.Stderr)
				}
			}
			fails("not said to be insecure", name)
			who.write(t, file, insecure(reg))
			fails("overruled", "--tls-verify=true", name)
			allowed(t, who, name)
		}
	}
}

// TestMirrorRewrite: location puts a namespace somewhere else, and the longest prefix counts; the model keeps its name.
func TestMirrorRewrite(t *testing.T) {
	one, two := startRegistry(t, nil), startRegistry(t, nil)
	pushModelPack(t, one, one.Addr+"/a/b/tiny:1", single(t))
	pushModelPack(t, two, two.Addr+"/deep/tiny:1", single(t))
	conf := fmt.Sprintf("[[registry]]\nprefix = \"models.example\"\nlocation = \"%s/a\"\ninsecure = true\n"+
		"[[registry]]\nprefix = \"models.example/b/c\"\nlocation = \"%s/deep\"\ninsecure = true\n", one.Addr, two.Addr)
	for _, who := range everyone(t) {
		who.configure(t, "registries.conf.d/lab.conf", conf)
		for name, at := range map[string]registry{"models.example/b/tiny:1": one, "models.example/b/c/tiny:1": two} {
			var r Result
			asked := at.during(t, func() { r = who.pull(t, name) })
			if r.Code != 0 || !strings.HasPrefix(r.Stdout, name+" ") || len(blobs(asked)) == 0 || !podmanHas(t, who, name) {
				t.Errorf("%s: exit %d, %s%s, requests %v", name, r.Code, r.Stdout, r.Stderr, asked)
			}
			who.MustRun(t, "paddock", "rm", name)
		}
	}
}

// TestMirrorShortNames: an alias and the unqualified-search-registries give a short name its full one. What could mean several is
// refused as Podman refuses it without a terminal, and what means nothing says what to do.
func TestMirrorShortNames(t *testing.T) {
	m := startMirrored(t)
	full, _ := m.push(t, "tiny:latest", single(t))
	search := func(mode string, registries ...string) string {
		return fmt.Sprintf("unqualified-search-registries = [\"%s\"]\nshort-name-mode = %q\n", strings.Join(registries, `", "`), mode)
	}
	hosts := insecure(m.origin, m.mirror)
	for _, who := range everyone(t) {
		for _, c := range []struct {
			conf, typed, kept string
			code              int
			says              string
		}{
			{"[aliases]\n\"tinyalias\" = \"" + brand + "/tiny\"\n" + m.conf(), "tinyalias", full, 0, ""},
			{"[aliases]\n\"tinyalias\" = \"" + brand + "/tiny\"\n" + m.conf(), "docker://tinyalias:latest", full, 0, ""},
			{"[aliases]\n\"tinyalias\" = \"" + brand + "/tiny\"\n" + m.conf(), "tinyalias:2", "", 3, brand + "/tiny:2"},
			{search("enforcing", m.origin.Addr) + hosts, "team/tiny", m.origin.Addr + "/team/tiny:latest", 0, ""},
			{search("permissive", m.origin.Addr, m.mirror.Addr) + hosts, "cache/tiny", m.mirror.Addr + "/cache/tiny:latest", 0, ""},
			{search("disabled", m.origin.Addr, m.mirror.Addr) + hosts, "cache/tiny", m.mirror.Addr + "/cache/tiny:latest", 0, ""},
			{search("enforcing", m.origin.Addr, m.mirror.Addr) + hosts, "cache/tiny", "", 2, m.mirror.Addr + "/cache/tiny:latest"},
			{search("permissive", m.origin.Addr, m.mirror.Addr) + hosts, "none/tiny", "", 3, m.mirror.Addr + "/none/tiny:latest"},
			{search("permissive", m.origin.Addr, "127.0.0.1:1") + hosts, "none/tiny", "", 1, "connection refused"},
			{hosts, "tiny", "", 2, "put the registry in front"},
		} {
			who.configure(t, "registries.conf.d/lab.conf", c.conf)
			r := who.pull(t, c.typed)
			if r.Code != c.code || !strings.Contains(r.Stderr, c.says) || c.code != 0 && !strings.Contains(r.Stderr, strings.TrimPrefix(c.typed, "docker://")) {
				t.Errorf("%s: %s with %s: exit %d, %s", who.name, c.typed, c.conf, r.Code, r.Stderr)
			}
			if c.kept == "" {
				continue
			}
			if rows := paddockLs(t, who); len(rows) != 1 || rows[c.kept].Name == "" {
				t.Errorf("%s is kept as %v", c.typed, rows)
			}
			who.MustRun(t, "paddock", "rm", c.kept)
		}
	}
}

// TestMirrorConfBroken: a registries.conf that cannot be read stops everything, and is named.
func TestMirrorConfBroken(t *testing.T) {
	reg := startRegistry(t, nil)
	name := reg.Addr + "/team/tiny:1"
	for _, who := range everyone(t) {
		for _, content := range []string{"[[registry]\n", "[[registry]]\nlocation = 1\n", "short-name-mode = \"maybe\"\n"} {
			file := who.configure(t, "registries.conf.d/lab.conf", content)
			r := who.pull(t, "--tls-verify=false", name)
			if r.Code != 1 || !strings.Contains(r.Stderr, file) || !strings.Contains(r.Stderr, name) {
				t.Errorf("%q: exit %d, %s", content, r.Code, r.Stderr)
			}
		}
	}
}

// TestMirrorPolicy: the policy is asked about the name that was typed, wherever its bytes come from.
func TestMirrorPolicy(t *testing.T) {
	m := startMirrored(t)
	name, _ := m.push(t, "tiny:1", single(t))
	m.each(t, "by name", func(t *testing.T, who place) {
		who.configure(t, "policy.json", policy(reject, map[string]string{brand + "/tiny": accept}))
		allowed(t, who, name)
	})
	m.each(t, "by place", func(t *testing.T, who place) {
		file := who.configure(t, "policy.json", policy(reject, map[string]string{m.mirror.Addr: accept, m.origin.Addr: accept}))
		refused(t, who, m.mirror, name, file)
	})
}
