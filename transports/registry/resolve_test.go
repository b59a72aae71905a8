package registry_test

import (
	"bytes"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
	fake "github.com/paddock-dev/paddock/tests/fakes/registry"
)

func TestResolve(t *testing.T) {
	reg := fake.New(t, nil)
	raw, layer := reg.PutModel("org/m", "latest", data(1000))
	plan := newMachine(t, reg).resolve(reg.Host() + "/org/m")
	if plan.Name.String() != reg.Host()+"/org/m:latest" || plan.Kind != artifacts.KindArtifact {
		t.Errorf("%s, %s", plan.Name, plan.Kind)
	}
	if !bytes.Equal(plan.Manifest, raw) || plan.Digest != digest.FromBytes(raw) || plan.MediaType != ocispec.MediaTypeImageManifest {
		t.Errorf("%s %s", plan.Digest, plan.MediaType)
	}
	if n := len(plan.Blobs); n != 2 {
		t.Fatalf("%d blobs", n)
	}
	if config := plan.Blobs[0]; string(config.Data) != "{}" || config.Open == nil {
		t.Errorf("config: %+v", config)
	}
	if b := plan.Blobs[1]; b.Digest != layer || b.Size != 1000 || b.Data != nil || b.MediaType != "application/octet-stream" {
		t.Errorf("layer: %+v", b)
	}
	if n := reg.Count(); n > 2 { // ping, manifest
		t.Errorf("%d requests: %v", n, reg.Requests())
	}
	if n := reg.Count(fake.Blob); n != 0 {
		t.Errorf("%d blob requests", n)
	}
}

func TestResolveDigest(t *testing.T) {
	reg := fake.New(t, nil)
	raw, _ := reg.PutModel("org/m", "v1", data(10))
	name := reg.Host() + "/org/m@" + digest.FromBytes(raw).String()
	m := newMachine(t, reg)
	for _, typed := range []string{name, strings.Replace(name, "@", ":no-such-tag@", 1)} { // of a tag and a digest the digest counts
		if plan := m.resolve(typed); plan.Name.String() != name {
			t.Errorf("%s is kept as %s", typed, plan.Name)
		}
	}
	other := digest.FromString("something else")
	reg.PutManifestAs("org/m", "@"+other.String(), ocispec.MediaTypeImageManifest, raw)
	_, err := m.resolver().Resolve(t.Context(), reg.Host()+"/org/m@"+other.String())
	if !errors.Is(err, artifacts.ErrVerification) {
		t.Error(err)
	}
}

func TestResolveIndex(t *testing.T) {
	reg := fake.New(t, nil)
	m := newMachine(t, reg)
	raw, _ := reg.PutModel("org/m", "", data(10))
	foreign, _ := reg.PutModel("org/m", "", data(20))
	want := digest.FromBytes(raw)
	index := reg.Index(runtime.GOARCH, raw, foreign)
	d := reg.PutManifest("org/m", "v1", ocispec.MediaTypeImageIndex, index)
	repo := reg.Host() + "/org/m"
	for name, kept := range map[string]string{
		repo + ":v1":            repo + ":v1",
		repo + "@" + d.String(): repo + "@" + want.String(),
	} {
		if plan := m.resolve(name); plan.Digest != want || plan.Name.String() != kept {
			t.Errorf("%s: %s kept as %s", name, plan.Digest, plan.Name)
		}
	}
	m.o.Architecture = "s390x"
	if plan := m.resolve(repo + ":v1"); plan.Digest != digest.FromBytes(foreign) {
		t.Errorf("s390x: %s", plan.Digest)
	}
	m.o.Architecture = "ppc64le"
	if _, err := m.resolver().Resolve(t.Context(), repo+":v1"); err == nil || !strings.Contains(err.Error(), "index") {
		t.Error(err)
	}
}

func TestResolveNestedIndex(t *testing.T) {
	reg := fake.New(t, nil)
	m := newMachine(t, reg)
	raw, _ := reg.PutModel("org/m", "", data(10))
	want := digest.FromBytes(raw)
	for range 4 {
		raw = reg.Index(runtime.GOARCH, raw)
		reg.PutManifest("org/m", "deep", ocispec.MediaTypeImageIndex, raw)
	}
	if plan := m.resolve(reg.Host() + "/org/m:deep"); plan.Digest != want {
		t.Errorf("chose %s", plan.Digest)
	}
	raw = reg.Index(runtime.GOARCH, raw)
	reg.PutManifest("org/m", "deeper", ocispec.MediaTypeImageIndex, raw)
	if _, err := m.resolver().Resolve(t.Context(), reg.Host()+"/org/m:deeper"); err == nil || !strings.Contains(err.Error(), "deep") {
		t.Error(err)
	}
}

// An instance whose bytes are not those that the index promises is refused.
func TestResolveWrongInstance(t *testing.T) {
	reg := fake.New(t, nil)
	raw, _ := reg.PutModel("org/m", "", data(10))
	other, _ := reg.PutModel("org/m", "", data(11))
	reg.PutManifest("org/m", "v1", ocispec.MediaTypeImageIndex, reg.Index(runtime.GOARCH, raw))
	reg.PutManifestAs("org/m", "@"+digest.FromBytes(raw).String(), ocispec.MediaTypeImageManifest, other)
	_, err := newMachine(t, reg).resolver().Resolve(t.Context(), reg.Host()+"/org/m:v1")
	if !errors.Is(err, artifacts.ErrVerification) {
		t.Error(err)
	}
}

func TestResolveKinds(t *testing.T) {
	reg := fake.New(t, nil)
	m := newMachine(t, reg)
	layer := reg.PutBlob(data(10)).String()
	config := reg.PutBlob([]byte(`{"os":"linux"}`)).String()
	schema2 := `{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":` +
		`"application/vnd.docker.container.image.v1+json","digest":"` + config + `","size":14},"layers":[{"mediaType":"%","digest":"` + layer + `","size":10}]}`
	bare := `{"schemaVersion":2,"config":{"mediaType":"application/vnd.kitops.modelkit.config.v1+json","digest":"` + config +
		`","size":14},"layers":[]}`
	for _, c := range []struct {
		tag, raw, contentType, mediaType string
		kind                             artifacts.Kind
	}{
		{"image", strings.Replace(schema2, "%", "application/vnd.docker.image.rootfs.diff.tar.gzip", 1),
			"application/vnd.docker.distribution.manifest.v2+json", "application/vnd.docker.distribution.manifest.v2+json", artifacts.KindImage},
		{"ollama", strings.Replace(schema2, "%", "application/vnd.ollama.image.model", 1),
			"application/vnd.docker.distribution.manifest.v2+json", ocispec.MediaTypeImageManifest, artifacts.KindArtifact},
		{"kit", bare, "application/vnd.oci.image.manifest.v1+json", ocispec.MediaTypeImageManifest, artifacts.KindArtifact},
		{"untyped", bare, "", ocispec.MediaTypeImageManifest, artifacts.KindArtifact},
	} {
		reg.PutManifest("org/m", c.tag, c.contentType, []byte(c.raw))
		plan := m.resolve(reg.Host() + "/org/m:" + c.tag)
		if plan.Kind != c.kind || plan.MediaType != c.mediaType {
			t.Errorf("%s: %s, %s", c.tag, plan.Kind, plan.MediaType)
		}
	}
}

func TestResolveInlineData(t *testing.T) {
	reg := fake.New(t, nil)
	good, bad := []byte("good config"), []byte("a bad layer")
	raw := reg.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": ocispec.MediaTypeImageManifest,
		"config": map[string]any{"mediaType": "a/b", "digest": digest.FromBytes(good), "size": len(good), "data": good},
		"layers": []map[string]any{
			{"mediaType": "c/d", "digest": digest.FromString("not this"), "size": len(bad), "data": bad},
			{"mediaType": "a/b", "digest": digest.FromBytes(good), "size": len(good), "data": good},
		},
	})
	reg.PutManifest("org/m", "v1", ocispec.MediaTypeImageManifest, raw)
	plan := newMachine(t, reg).resolve(reg.Host() + "/org/m:v1")
	if len(plan.Blobs) != 2 || !bytes.Equal(plan.Blobs[0].Data, good) || plan.Blobs[1].Data != nil {
		t.Errorf("%+v", plan.Blobs)
	}
}

func TestResolveErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault fake.Fault
		plain bool // error pages instead of documents
		want  error
	}{
		{"unknown tag", fake.Fault{Where: "none"}, false, artifacts.ErrNotFound},
		{"unknown tag, page", fake.Fault{Where: "none"}, true, artifacts.ErrNotFound},
		{"forbidden", fake.Fault{Where: fake.Manifest, Status: 403}, false, artifacts.ErrAuthentication},
		{"forbidden, page", fake.Fault{Where: fake.Manifest, Status: 403}, true, artifacts.ErrAuthentication},
		{"unauthorized", fake.Fault{Where: fake.Manifest, Status: 401}, false, artifacts.ErrAuthentication},
		{"forbidden ping", fake.Fault{Where: fake.Ping, Status: 403}, true, artifacts.ErrAuthentication},
	} {
		reg := fake.New(t, &fake.Options{PlainErrors: c.plain})
		reg.Break(c.fault)
		name := reg.Host() + "/org/m:v1"
		_, err := newMachine(t, reg).resolver().Resolve(t.Context(), name)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if subject := map[bool]string{true: name, false: reg.Host()}[c.want == artifacts.ErrNotFound]; !strings.Contains(err.Error(), subject) {
			t.Errorf("%s: %v does not name %s", c.name, err, subject)
		}
	}
}

func TestResolveTemporary(t *testing.T) {
	for _, f := range []fake.Fault{
		{Where: fake.Manifest, Status: 503},
		{Where: fake.Ping, Status: 500},
		{Where: fake.Manifest, Reset: true},
		{Where: fake.Manifest, Status: 429, Header: http.Header{"Retry-After": {"0"}}},
	} {
		reg := fake.New(t, nil)
		reg.Break(f)
		_, err := newMachine(t, reg).resolver().Resolve(t.Context(), reg.Host()+"/org/m:v1")
		var temporary *artifacts.TemporaryError
		if !errors.As(err, &temporary) {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

func TestResolveUnreachable(t *testing.T) {
	reg := fake.New(t, &fake.Options{TLS: true}) // its CA is not known
	m := newMachine(t)
	_, err := m.resolver().Resolve(t.Context(), reg.Host()+"/org/m:v1")
	if err == nil || !strings.Contains(err.Error(), reg.Host()) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("TLS: %v", err)
	}
	_, err = m.resolver().Resolve(t.Context(), "127.0.0.1:1/org/m:v1")
	var temporary *artifacts.TemporaryError
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") || errors.As(err, &temporary) {
		t.Errorf("refused: %v", err)
	}
}

func TestResolveInvalid(t *testing.T) {
	m := newMachine(t)
	for _, name := range []string{"", "UPPER/case", "quay.io/a:b:c", "a://b"} {
		if _, err := m.resolver().Resolve(t.Context(), name); !errors.Is(err, artifacts.ErrInvalidName) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
