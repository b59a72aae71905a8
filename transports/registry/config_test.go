package registry_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	fake "github.com/paddock-dev/paddock/tests/fakes/registry"
	"github.com/paddock-dev/paddock/transports/registry"
)

// mirrored configures mirrors for the registry "primary.example", whose own place is primary.
func mirrored(t *testing.T, primary *fake.Registry, mirrors ...*fake.Registry) *machine {
	t.Helper()
	m := newMachine(t)
	conf := fmt.Sprintf("[[registry]]\nprefix = \"primary.example\"\nlocation = %q\ninsecure = true\n", primary.Host())
	for _, mirror := range mirrors {
		conf += fmt.Sprintf("[[registry.mirror]]\nlocation = \"%s/cache\"\ninsecure = true\n", mirror.Host())
	}
	m.write("registries.conf", conf)
	return m
}

func TestMirrorServes(t *testing.T) {
	primary, mirror := fake.New(t, nil), fake.New(t, nil)
	content := data(1000)
	raw, _ := mirror.PutModel("cache/org/m", "v1", content)
	m := mirrored(t, primary, mirror)
	plan := m.resolve("primary.example/org/m:v1")
	if plan.Name.String() != "primary.example/org/m:v1" {
		t.Errorf("kept as %s", plan.Name)
	}
	if got, err := read(t, plan.Blobs[1].Open, 100, -1); err != nil || !bytes.Equal(got, content[100:]) {
		t.Error(err)
	}
	if d, err := m.resolver().Head(t.Context(), "primary.example/org/m:v1"); err != nil || d != digest.FromBytes(raw) {
		t.Errorf("%s, %v", d, err)
	}
	if n := primary.Count(); n != 0 {
		t.Errorf("%d requests to the primary", n)
	}
}

// A blob that a mirror lacks, or serves badly, comes from the next place.
func TestMirrorFallsBack(t *testing.T) {
	content := data(1000)
	for _, c := range []struct {
		name  string
		fault fake.Fault
		asks  int // how often the mirror is asked for the blob during 6 parts
	}{
		{"missing", fake.Fault{Where: fake.Blob, Status: 404}, 1},
		{"forbidden", fake.Fault{Where: fake.Blob, Status: 403}, 1},
		{"wrong size", fake.Fault{Where: fake.Blob, ContentRange: "bytes 0-9/77"}, 1},
		{"failing", fake.Fault{Where: fake.Blob, Status: 503}, 3},
		{"failing once", fake.Fault{Where: fake.Blob, Status: 503, Times: 1}, 6},
		{"gone", fake.Fault{Where: fake.Ping, Status: 404}, 0},
	} {
		primary, mirror := fake.New(t, nil), fake.New(t, nil)
		primary.PutModel("org/m", "v1", content)
		mirror.PutModel("cache/org/m", "v1", content)
		plan := mirrored(t, primary, mirror).resolve("primary.example/org/m:v1")
		mirror.Break(c.fault)
		mirror.Forget()
		for range 6 {
			if got, err := read(t, plan.Blobs[1].Open, 10, 10); err != nil || !bytes.Equal(got, content[10:20]) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		if n := mirror.Count(fake.Blob); n != c.asks {
			t.Errorf("%s: the mirror is asked %d times", c.name, n)
		}
		if n := mirror.Count(fake.Ping); n > 1 {
			t.Errorf("%s: %d pings", c.name, n)
		}
	}
}

// A mirror that fails now and then is not given up.
func TestMirrorRecovers(t *testing.T) {
	primary, mirror := fake.New(t, nil), fake.New(t, nil)
	primary.PutModel("org/m", "v1", data(100))
	mirror.PutModel("cache/org/m", "v1", data(100))
	open := mirrored(t, primary, mirror).resolve("primary.example/org/m:v1").Blobs[1].Open
	for range 3 {
		mirror.Break(fake.Fault{Where: fake.Blob, Status: 503, Times: 2})
		for range 3 {
			if _, err := read(t, open, 0, 10); err != nil {
				t.Error(err)
			}
		}
	}
	if n := mirror.Count(fake.Blob); n != 9 {
		t.Errorf("the mirror is asked %d times", n)
	}
}

// When all places fail, the answer is that of the registry itself, with what the mirrors said.
func TestMirrorAllFail(t *testing.T) {
	primary, mirror := fake.New(t, nil), fake.New(t, nil)
	primary.PutModel("org/m", "v1", data(100))
	plan := mirrored(t, primary, mirror).resolve("primary.example/org/m:v1")
	mirror.Break(fake.Fault{Where: fake.Blob, Status: 403})
	primary.Break(fake.Fault{Where: fake.Blob, Status: 410})
	_, err := read(t, plan.Blobs[1].Open, 0, 10)
	if err == nil || errors.Is(err, artifacts.ErrAuthentication) || !strings.Contains(err.Error(), "410") || !strings.Contains(err.Error(), "403") {
		t.Error(err)
	}
}

// A mirror that breaks off again and again is left.
func TestMirrorBreaksOff(t *testing.T) {
	primary, mirror := fake.New(t, nil), fake.New(t, nil)
	primary.PutModel("org/m", "v1", data(100))
	mirror.PutModel("cache/org/m", "v1", data(100))
	plan := mirrored(t, primary, mirror).resolve("primary.example/org/m:v1")
	mirror.Break(fake.Fault{Where: fake.Blob, LongBy: 1})
	if _, err := read(t, plan.Blobs[1].Open, 0, 10); !errors.Is(err, artifacts.ErrVerification) {
		t.Error(err)
	}
	if _, err := read(t, plan.Blobs[1].Open, 0, 10); err != nil {
		t.Error(err)
	}
}

// Credentials given for a registry are not shown to its mirrors.
func TestMirrorGetsNoCredentials(t *testing.T) {
	primary := fake.New(t, nil)
	mirror := fake.New(t, &fake.Options{Username: "u", Password: "p"})
	primary.PutModel("org/m", "v1", data(100))
	mirror.PutModel("cache/org/m", "v1", data(100))
	m := mirrored(t, primary, mirror)
	m.o.Username, m.o.Password = "u", "p"
	plan := m.resolve("primary.example/org/m:v1")
	if _, err := read(t, plan.Blobs[1].Open, 0, 10); err != nil {
		t.Error(err)
	}
	for _, req := range mirror.Requests() {
		// The library that reads manifests answers a challenge with an empty user and password.
		if empty := "Basic " + base64.StdEncoding.EncodeToString([]byte(":")); req.Authorization != "" && req.Authorization != empty {
			t.Errorf("%s %s: %q", req.Method, req.Path, req.Authorization)
		}
	}
}

func TestBlocked(t *testing.T) {
	reg := fake.New(t, nil)
	m := newMachine(t)
	m.write("registries.conf", fmt.Sprintf("[[registry]]\nlocation = %q\ninsecure = true\nblocked = true\n", reg.Host()))
	_, err := m.resolver().Resolve(t.Context(), reg.Host()+"/org/m:v1")
	_, headErr := m.resolver().Head(t.Context(), reg.Host()+"/org/m:v1")
	for _, err := range []error{err, headErr} {
		if !errors.Is(err, artifacts.ErrPolicy) || !strings.Contains(err.Error(), m.o.RegistriesConf) {
			t.Error(err)
		}
	}
	if n := reg.Count(); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestPolicy(t *testing.T) {
	reg := fake.New(t, nil)
	raw, _ := reg.PutModel("org/m", "v1", data(100))
	reg.PutManifest("org/m", "index", "application/vnd.oci.image.index.v1+json", reg.Index("amd64", raw))
	m := newMachine(t, reg)
	reject := `{"default":[{"type":"insecureAcceptAnything"}],"transports":{"docker":{"%s/org/m":[{"type":"reject"}]}}}`
	m.write("policy.json", fmt.Sprintf(reject, reg.Host()))
	for _, tag := range []string{"v1", "index"} {
		if _, err := m.resolver().Resolve(t.Context(), reg.Host()+"/org/m:"+tag); !errors.Is(err, artifacts.ErrPolicy) {
			t.Errorf("%s: %v", tag, err)
		}
	}
	if n := reg.Count(fake.Blob); n != 0 {
		t.Errorf("%d blob requests", n)
	}
	signed := `{"default":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"%s"}]}`
	m.write("policy.json", fmt.Sprintf(signed, m.write("key.gpg", "")))
	if _, err := m.resolver().Resolve(t.Context(), reg.Host()+"/org/m:v1"); !errors.Is(err, artifacts.ErrPolicy) {
		t.Errorf("unsigned: %v", err)
	}
	m.o.Policy = filepath.Join(m.dir, "none.json")
	if _, err := m.resolver().Resolve(t.Context(), reg.Host()+"/org/m:v1"); err == nil || errors.Is(err, artifacts.ErrPolicy) {
		t.Errorf("no policy: %v", err)
	}
}

func TestShortNames(t *testing.T) {
	first, second := fake.New(t, nil), fake.New(t, nil)
	raw, _ := second.PutModel("m", "v1", data(100))
	second.PutModel("m", "latest", data(100))
	pin := "@" + digest.FromBytes(raw).String()
	search := fmt.Sprintf("unqualified-search-registries = [%q, %q]\n", first.Host(), second.Host())
	insecure := fmt.Sprintf("[[registry]]\nlocation = %q\ninsecure = true\n[[registry]]\nlocation = %q\ninsecure = true\n", first.Host(), second.Host())
	alias := fmt.Sprintf("[aliases]\n\"pet\" = \"%s/m\"\n", second.Host())
	for _, c := range []struct {
		conf, input, name string
		want              error
	}{
		{"short-name-mode = \"permissive\"\n" + search + insecure, "m:v1", second.Host() + "/m:v1", nil},
		{"short-name-mode = \"disabled\"\n" + search + insecure, "m", second.Host() + "/m:latest", nil},
		{"short-name-mode = \"enforcing\"\n" + search + insecure, "m:v1", "", artifacts.ErrInvalidName},
		{"short-name-mode = \"enforcing\"\n" + search + insecure + alias, "pet:v1", second.Host() + "/m:v1", nil},
		{"short-name-mode = \"enforcing\"\n" + search + insecure + alias, "pet:v2" + pin, second.Host() + "/m" + pin, nil},
		{"short-name-mode = \"permissive\"\n" + search + insecure, "m:v2", "", artifacts.ErrNotFound},
		{insecure, "m:v1", "", artifacts.ErrInvalidName},
	} {
		m := newMachine(t)
		m.write("registries.conf", c.conf)
		plan, err := m.resolver().Resolve(t.Context(), c.input)
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s with %s: %v", c.input, c.conf, err)
		}
		if err == nil && plan.Name.String() != c.name {
			t.Errorf("%s with %s: %s", c.input, c.conf, plan.Name)
		}
		if err != nil && strings.Contains(err.Error(), "was found") {
			t.Errorf("%s with %s: denies that there is a registries.conf: %v", c.input, c.conf, err)
		}
	}
}

func TestTLS(t *testing.T) {
	reg := fake.New(t, &fake.Options{TLS: true, Redirect: true})
	raw, _ := reg.PutModel("org/m", "v1", data(100))
	yes, no := true, false
	ca := string(reg.CA())
	for _, c := range []struct {
		name  string
		setup func(*machine)
		ok    bool
	}{
		{"unknown CA", func(*machine) {}, false},
		{"certs.d", func(m *machine) { m.write("certs.d/"+reg.Host()+"/ca.crt", ca) }, true},
		{"certs.d of another", func(m *machine) { m.write("certs.d/other/ca.crt", ca) }, false},
		{"cert dir", func(m *machine) { m.o.CertDir = filepath.Dir(m.write("mine/ca.crt", ca)) }, true},
		{"verify off", func(m *machine) { m.o.TLSVerify = &no }, true},
		{"insecure", func(m *machine) {
			m.write("registries.conf", fmt.Sprintf("[[registry]]\nlocation = %q\ninsecure = true\n", reg.Host()))
		}, true},
		{"insecure, verify on", func(m *machine) {
			m.write("registries.conf", fmt.Sprintf("[[registry]]\nlocation = %q\ninsecure = true\n", reg.Host()))
			m.o.TLSVerify = &yes
		}, false},
	} {
		m := newMachine(t)
		c.setup(m)
		r := m.resolver()
		d, err := r.Head(t.Context(), reg.Host()+"/org/m:v1")
		if (err == nil) != c.ok || (c.ok && d != digest.FromBytes(raw)) {
			t.Errorf("%s: head: %s, %v", c.name, d, err)
		}
		plan, err := r.Resolve(t.Context(), reg.Host()+"/org/m:v1")
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil {
			continue
		}
		if _, err := read(t, plan.Blobs[1].Open, 10, 20); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestPlainHTTPNeedsPermission(t *testing.T) {
	reg := fake.New(t, nil)
	reg.PutModel("org/m", "v1", data(100))
	m := newMachine(t)
	r := m.resolver()
	if _, err := r.Head(t.Context(), reg.Host()+"/org/m:v1"); err == nil || reg.Count() != 0 {
		t.Errorf("%v, %d requests", err, reg.Count())
	}
	no := false
	m.o.TLSVerify = &no
	plan := m.resolve(reg.Host() + "/org/m:v1")
	if _, err := read(t, plan.Blobs[1].Open, 10, 20); err != nil {
		t.Error(err)
	}
}

func TestHead(t *testing.T) {
	for name, o := range map[string]*fake.Options{
		"anonymous": nil, "token": {Tokens: true}, "no digest header": {NoDigestHeader: true},
	} {
		reg := fake.New(t, o)
		m := newMachine(t, reg)
		r := m.resolver()
		if _, err := r.Head(t.Context(), reg.Host()+"/org/m:v1"); !errors.Is(err, artifacts.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
		raw, _ := reg.PutModel("org/m", "v1", data(100))
		reg.Forget()
		d, err := m.resolver().Head(t.Context(), reg.Host()+"/org/m:v1")
		if err != nil || d != digest.FromBytes(raw) {
			t.Errorf("%s: %s, %v", name, d, err)
		}
		if n := reg.Count(); n > 3 {
			t.Errorf("%s: %d requests: %v", name, n, reg.Requests())
		}
		reg.Forget()
		if _, err := r.Head(t.Context(), reg.Host()+"/org/m:v1"); err != nil || reg.Count(fake.Ping, fake.Token) != 0 {
			t.Errorf("%s: %v, requests again: %v", name, err, reg.Requests())
		}
	}
}

// All of a Resolve with a token: ping, token, manifest.
func TestResolveRequests(t *testing.T) {
	reg := fake.New(t, &fake.Options{Tokens: true})
	reg.PutModel("org/m", "v1", data(100))
	m := newMachine(t, reg)
	m.o.UserAgent = "stable/1"
	plan := m.resolve(reg.Host() + "/org/m:v1")
	if n := reg.Count(); n > 3 {
		t.Errorf("%d requests: %v", n, reg.Requests())
	}
	if _, err := read(t, plan.Blobs[1].Open, 10, 20); err != nil {
		t.Error(err)
	}
	for _, req := range reg.Requests() {
		if req.UserAgent != "stable/1" {
			t.Errorf("%s %s by %q", req.Method, req.Path, req.UserAgent)
		}
	}
}

func TestOptions(t *testing.T) {
	if _, err := registry.New(&registry.Options{AuthFile: filepath.Join(t.TempDir(), "none.json")}); err == nil {
		t.Error("a missing file of credentials is accepted")
	}
	for _, c := range []struct{ registryFile, dockerDir, want string }{
		{"", "", ""}, {"/a.json", "/d", "/a.json"}, {"", "/d", "/d/config.json"},
	} {
		env := map[string]string{"REGISTRY_AUTH_FILE": c.registryFile, "DOCKER_CONFIG": c.dockerDir}
		if got := registry.DefaultAuthFile(func(name string) string { return env[name] }); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
