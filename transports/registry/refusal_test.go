package registry_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	fake "github.com/paddock-dev/paddock/tests/fakes/registry"
	"github.com/paddock-dev/paddock/transports/registry"
)

// A refusal names the file that has the rule, and whether a signature is missing.
func TestRefusalNamesItsFile(t *testing.T) {
	reg := fake.New(t, nil)
	reg.PutModel("org/m", "v1", data(100))
	signed := `[{"type":"signedBy","keyType":"GPGKeys","keyPath":"%s"}]`
	for _, c := range []struct {
		rule     string
		unsigned bool
	}{
		{`[{"type":"reject"}]`, false},
		{signed, true},
		{`[{"type":"sigstoreSigned","keyPath":"%s"}]`, true},
	} {
		m := newMachine(t, reg)
		rule := strings.Replace(c.rule, "%s", m.write("key", ""), 1)
		file := m.write("policy.json", `{"default":`+rule+`}`)
		_, err := m.resolver().Resolve(t.Context(), reg.Host()+"/org/m:v1")
		var refused *registry.PolicyError
		if !errors.As(err, &refused) || refused.Unsigned != c.unsigned || refused.Blocked || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), reg.Host()+"/org/m:v1") {
			t.Errorf("%s: %v", c.rule, err)
		}
	}
	m := newMachine(t, reg)
	m.write("registries.conf.d/10-other.conf", "[[registry]]\nlocation = \"other.example\"\nblocked = true\n")
	file := m.write("registries.conf.d/20-ours.conf", fmt.Sprintf("[[registry]]\nlocation = %q\nblocked = true\n", reg.Host()))
	_, err := m.resolver().Resolve(t.Context(), reg.Host()+"/org/m:v1")
	var refused *registry.PolicyError
	if !errors.As(err, &refused) || !refused.Blocked || !strings.HasSuffix(err.Error(), "blocked in "+file) {
		t.Error(err)
	}
}

// Signatures that cannot be read are no refusal, and say why.
func TestUnreadSignatures(t *testing.T) {
	for _, c := range []struct {
		fault fake.Fault
		want  error
	}{
		{fake.Fault{Where: fake.Manifest, Skip: 1, Status: 401}, artifacts.ErrAuthentication},
		{fake.Fault{Where: fake.Manifest, Skip: 1, Status: 503}, nil},
	} {
		reg := fake.New(t, nil)
		reg.PutModel("org/m", "v1", data(100))
		m := newMachine(t, reg)
		m.write("policy.json", fmt.Sprintf(`{"default":[{"type":"sigstoreSigned","keyPath":%q}]}`, m.write("key", "")))
		m.write("registries.d/lab.yaml", "default-docker:\n  use-sigstore-attachments: true\n")
		reg.Break(c.fault)
		_, err := m.resolver().Resolve(t.Context(), reg.Host()+"/org/m:v1")
		if err == nil || errors.Is(err, artifacts.ErrPolicy) || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%+v: %v", c.fault, err)
		}
	}
}

// Whoever refuses credentials is named as credentials are looked up, not as the reference has it.
func TestRefusalNamesItsRegistry(t *testing.T) {
	for _, o := range []fake.Options{{Username: "u", Password: "p"}, {Tokens: true, Username: "u", Password: "p"}} {
		primary := fake.New(t, &o)
		primary.PutModel("org/m", "v1", data(100))
		m := mirrored(t, primary)
		_, err := m.resolver().Resolve(t.Context(), "primary.example/org/m:v1")
		_, headErr := m.resolver().Head(t.Context(), "primary.example/org/m:v1")
		for _, err := range []error{err, headErr} {
			var refused *registry.AuthenticationError
			if !errors.As(err, &refused) || !errors.Is(err, artifacts.ErrAuthentication) || refused.Registry != primary.Host() {
				t.Errorf("%+v: %v", o, err)
			}
		}
	}
}

// A short name is not found only if every registry that was searched says so.
func TestShortNameMixedFailures(t *testing.T) {
	for _, c := range []struct {
		second fake.Options
		fault  fake.Fault
		want   error
	}{
		{fake.Options{}, fake.Fault{}, artifacts.ErrNotFound},
		{fake.Options{Username: "u", Password: "p"}, fake.Fault{}, artifacts.ErrAuthentication},
		{fake.Options{}, fake.Fault{Where: fake.Ping, Status: 500}, nil},
	} {
		first, second := fake.New(t, nil), fake.New(t, &c.second)
		if c.fault.Status != 0 {
			second.Break(c.fault)
		}
		m := newMachine(t, first, second)
		conf, err := os.ReadFile(m.o.RegistriesConf)
		if err != nil {
			t.Fatal(err)
		}
		m.write("registries.conf", fmt.Sprintf("short-name-mode = \"permissive\"\nunqualified-search-registries = [%q, %q]\n%s", first.Host(), second.Host(), conf))
		_, err = m.resolver().Resolve(t.Context(), "m:v1")
		if err == nil || c.want != nil && !errors.Is(err, c.want) || errors.Is(err, artifacts.ErrNotFound) != (c.want == artifacts.ErrNotFound) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v", c.fault, err)
		}
		for _, reg := range []*fake.Registry{first, second} {
			if !strings.Contains(err.Error(), reg.Host()) {
				t.Errorf("%s is not in %v", reg.Host(), err)
			}
		}
	}
}

// A mirror whose blob was read whole, and is asked for again, had the wrong one.
func TestMirrorWithWrongBlob(t *testing.T) {
	primary, mirror := fake.New(t, nil), fake.New(t, nil)
	content := data(100)
	primary.PutModel("org/m", "v1", content)
	_, layer := mirror.PutModel("cache/org/m", "v1", content)
	mirror.PutBlobAs(layer, bytes.Repeat([]byte("x"), len(content)))
	open := mirrored(t, primary, mirror).resolve("primary.example/org/m:v1").Blobs[1].Open
	for i, from := range []int64{50, 0, 50, 0} {
		got, err := read(t, open, from, 50)
		if right := bytes.Equal(got, content[from:from+50]); err != nil || right != (i > 1) {
			t.Errorf("part %d: right: %t, %v", i, right, err)
		}
	}
	if n := mirror.Count(fake.Blob); n != 2 {
		t.Errorf("the mirror is asked %d times", n)
	}
}
