package registry_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	fake "github.com/paddock-dev/paddock/tests/fakes/registry"
)

const kitType = "application/vnd.kitops.modelkit."

// putKit publishes a ModelKit whose model is at a path, or in another kit, with a layer of each type.
func putKit(reg *fake.Registry, repository, at string, types ...string) digest.Digest {
	config := reg.Marshal(map[string]any{"model": map[string]any{"path": at}})
	m := ocispec.Manifest{Config: ocispec.Descriptor{
		MediaType: kitType + "config.v1+json", Digest: reg.PutBlob(config), Size: int64(len(config)),
	}}
	m.SchemaVersion = 2
	for _, kind := range types {
		data := []byte(repository + " " + kind)
		m.Layers = append(m.Layers, ocispec.Descriptor{MediaType: kitType + kind, Digest: reg.PutBlob(data), Size: int64(len(data))})
	}
	return reg.PutManifest(repository, "1", ocispec.MediaTypeImageManifest, reg.Marshal(m))
}

// TestBase: a kit, a kit that it refers to, and the one that has the model.
func TestBase(t *testing.T) {
	near, far := fake.New(t, nil), fake.New(t, nil)
	want := putKit(far, "org/base", "m.gguf", "code.v1.tar", "model.v1.tar", "modelpart.v1.raw", "docs.v1.tar")
	middle := putKit(near, "org/middle", far.Host()+"/org/base:1", "modelpart.v1.tar", "dataset.v1.tar")
	putKit(near, "org/top", near.Host()+"/org/middle:1", "docs.v1.tar")
	plan := newMachine(t, near, far).resolve(near.Host() + "/org/top:1")
	if got := plan.Bases(); fmt.Sprint(got) != fmt.Sprint([]digest.Digest{middle, want}) {
		t.Fatalf("bases %v", got)
	}
	if n := plan.Base.Base.Name.String(); n != far.Host()+"/org/base:1" {
		t.Errorf("the last is %s", n)
	}
	var types []string
	for _, b := range plan.Needed() {
		types = append(types, strings.TrimPrefix(b.MediaType, kitType))
	}
	const config = "config.v1+json "
	if got := strings.Join(types, " "); got != config+"docs.v1.tar "+config+"modelpart.v1.tar "+config+"model.v1.tar modelpart.v1.raw" {
		t.Errorf("needed: %s", got)
	}
	if n := near.Count(fake.Blob) + far.Count(fake.Blob); n != 3 {
		t.Errorf("%d blob requests for 3 Kitfiles", n)
	}
	for _, b := range plan.Needed() {
		if data, err := read(t, b.Open, 0, -1); err != nil || digest.FromBytes(data) != b.Digest {
			t.Errorf("%s: %q, %v", b.MediaType, data, err)
		}
	}
}

// TestBaseChain: ten references are followed, as KitOps does, and no eleventh; a circle ends.
func TestBaseChain(t *testing.T) {
	reg := fake.New(t, nil)
	m := newMachine(t, reg)
	at := "m.gguf"
	for i := range 12 {
		repository := fmt.Sprintf("org/kit%d", i)
		kind := "docs.v1.tar"
		if i == 0 {
			kind = "model.v1.tar"
		}
		putKit(reg, repository, at, kind)
		at = reg.Host() + "/" + repository + ":1"
	}
	if plan := m.resolve(reg.Host() + "/org/kit10:1"); len(plan.Bases()) != 10 {
		t.Errorf("%d bases", len(plan.Bases()))
	}
	putKit(reg, "org/a", reg.Host()+"/org/b:1", "docs.v1.tar")
	putKit(reg, "org/b", reg.Host()+"/org/a:1", "docs.v1.tar")
	putKit(reg, "org/self", reg.Host()+"/org/self:1")
	for name, wants := range map[string][]string{
		"kit11": {"more than 10", "/org/kit11:1 -> ", " -> " + reg.Host() + "/org/kit0:1"},
		"a":     {"circle", "/org/a:1 -> " + reg.Host() + "/org/b:1 -> " + reg.Host() + "/org/a:1"},
		"self":  {"circle", "/org/self:1 -> "},
	} {
		_, err := m.resolver().Resolve(t.Context(), reg.Host()+"/org/"+name+":1")
		for _, want := range wants {
			if !errors.Is(err, packaging.ErrInvalidManifest) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
		}
	}
}

// TestBaseRefused: what is wrong with a base is told as for any model, with the way to it.
func TestBaseRefused(t *testing.T) {
	reg, closed := fake.New(t, nil), fake.New(t, &fake.Options{Username: "alice", Password: "secret"})
	putKit(closed, "org/secret", "m.gguf", "model.v1.tar")
	putKit(reg, "org/base", "m.gguf", "model.v1.tar")
	reg.PutModel("org/pack", "1", data(10))
	m := newMachine(t, reg, closed)
	refusing := newMachine(t, reg, closed)
	refusing.o.Policy = refusing.write("policy.json", fmt.Sprintf(`{"default":[{"type":"insecureAcceptAnything"}],
		"transports":{"docker":{%q:[{"type":"reject"}]}}}`, reg.Host()+"/org/base"))
	for _, c := range []struct {
		on   *machine
		base string
		want error
	}{
		{m, reg.Host() + "/org/absent:1", artifacts.ErrNotFound},
		{m, closed.Host() + "/org/secret:1", artifacts.ErrAuthentication},
		{m, reg.Host() + "/org/pack:1", packaging.ErrInvalidManifest},
		{refusing, reg.Host() + "/org/base:1", artifacts.ErrPolicy},
	} {
		putKit(reg, "org/top", c.base, "docs.v1.tar")
		_, err := c.on.resolver().Resolve(t.Context(), reg.Host()+"/org/top:1")
		if !errors.Is(err, c.want) || !strings.Contains(fmt.Sprint(err), "/org/top:1 -> "+c.base) {
			t.Errorf("%s: %v", c.base, err)
		}
	}
	putKit(reg, "org/top", closed.Host()+"/org/secret:1")
	m.login(closed.Host(), "alice", "secret", nil)
	if plan := m.resolve(reg.Host() + "/org/top:1"); plan.Base == nil {
		t.Error("no base with the credentials of its registry")
	}
}

// TestKitfileRead: a registry that is busy for once is asked again; other bytes are refused.
func TestKitfileRead(t *testing.T) {
	reg := fake.New(t, nil)
	putKit(reg, "org/base", "m.gguf", "model.v1.tar")
	m := newMachine(t, reg)
	reg.Break(fake.Fault{Where: fake.Blob, Status: http.StatusServiceUnavailable, Times: 1})
	m.resolve(reg.Host() + "/org/base:1")
	if n := reg.Count(fake.Blob); n != 2 {
		t.Errorf("%d requests", n)
	}
	config := []byte(`{"model":{"path":"m.gguf"}}`)
	reg.PutBlobAs(digest.FromBytes(config), []byte(`{"model":{"path":"n.gguf"}}`))
	if _, err := m.resolver().Resolve(t.Context(), reg.Host()+"/org/base:1"); !errors.Is(err, artifacts.ErrVerification) {
		t.Error(err)
	}
}
