package registry

import (
	"path/filepath"
	"testing"
	"time"

	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/pkg/sysregistriesv2"
	"go.podman.io/image/v5/types"
)

func TestEndpointAddress(t *testing.T) {
	dir := t.TempDir()
	sys := &types.SystemContext{
		AuthFilePath: filepath.Join(dir, "auth.json"), SystemRegistriesConfDirPath: dir, DockerPerHostCertDirPath: dir,
		SystemRegistriesConfPath: "/dev/null", DockerInsecureSkipTLSVerify: types.OptionalBoolTrue,
	}
	for _, c := range []struct{ name, proxyFor, want string }{
		{"docker.io/library/m:v1", "", "https://registry-1.docker.io/v2/library/m/blobs/x"},
		{"quay.io:444/org/m:v1", "", "https://quay.io:444/v2/org/m/blobs/x"},
		{"proxy.example/m:v1", "quay.io", "https://proxy.example/v2/m/blobs/x?ns=quay.io"},
	} {
		ref, err := reference.ParseNormalizedNamed(c.name)
		if err != nil {
			t.Fatal(err)
		}
		place := &sysregistriesv2.PullSource{Reference: ref, Endpoint: sysregistriesv2.Endpoint{NamespaceProxy: c.proxyFor}}
		e, err := newEndpoint(sys, ref, place, 0, use{})
		if err != nil {
			t.Fatal(err)
		}
		e.scheme = "https"
		if got := e.url("/v2/" + e.path + "/blobs/x").String(); got != c.want || !e.insecure {
			t.Errorf("%s: %s, insecure %t", c.name, got, e.insecure)
		}
	}
}

// A token is kept until it ends, and no longer.
func TestTokenIsReused(t *testing.T) {
	a := &authorizer{at: &endpoint{}, renewing: make(chan struct{}, 1), bearer: "good", ends: time.Now().Add(time.Minute)}
	a.renewing <- struct{}{}
	if token, err := a.token(t.Context(), challenge{}); err != nil || token != "good" {
		t.Error(token, err)
	}
	a.ends = time.Now().Add(-time.Second)
	if _, err := a.token(t.Context(), challenge{}); err == nil { // there is no realm to ask
		t.Error("a token that is over is used")
	}
}
