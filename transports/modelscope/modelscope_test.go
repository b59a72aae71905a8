package modelscope_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	fake "github.com/paddock-dev/paddock/tests/fakes/modelscope"
	"github.com/paddock-dev/paddock/transports/hub"
	"github.com/paddock-dev/paddock/transports/modelscope"
	"github.com/paddock-dev/paddock/transports/source"
)

var commit = strings.Repeat("ab", 20)

func resolver(t *testing.T, s *fake.Site, token string) *hub.Resolver {
	t.Helper()
	policy := filepath.Join(t.TempDir(), "policy.json")
	if err := os.WriteFile(policy, []byte(`{"default":[{"type":"insecureAcceptAnything"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"MODELSCOPE_DOMAIN": s.URL(), "MODELSCOPE_API_TOKEN": token}
	r, err := modelscope.New(&modelscope.Options{
		Getenv: func(name string) string { return env[name] }, Trust: &source.Trust{PerHostCertDir: t.TempDir()},
		Wait:   func(context.Context, time.Duration) error { return nil },
		Common: hub.Common{System: &types.SystemContext{SignaturePolicyPath: policy}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func repo() *fake.Repo {
	return &fake.Repo{ID: "Org/M", Commit: commit, Files: map[string][]byte{
		"README.md": []byte("---\r\nlicense: Apache License 2.0\r\ntags:\r\n---\r\n# M\r\nlicense: none"), "M-Q4_K_M.gguf": bytes.Repeat([]byte("w"), 5000),
		"M-Q8_0.gguf": bytes.Repeat([]byte("8"), 900), "configuration.json": []byte("{}"),
	}}
}

func TestResolve(t *testing.T) {
	var first digest.Digest
	for name, o := range map[string]*fake.Options{"whole": nil, "pages": {PageSize: 2}, "token": {Token: "ms-good"}} {
		s := fake.New(t, o)
		s.Put(repo())
		token := ""
		if o != nil {
			token = o.Token
		}
		for _, input := range []string{"Org/M", "Org/M@master", "modelscope.cn/models/Org/M/files", "Org/M:q4_k_m"} {
			p, err := resolver(t, s, token).Resolve(t.Context(), input)
			if err != nil {
				t.Fatalf("%s, %s: %v", name, input, err)
			}
			if first == "" {
				first = p.Digest
			}
			notes := packaging.Annotations(p.Manifest)
			if p.Digest != first || p.Name.String() != "modelscope.cn/org/m:Q4_K_M" || p.Origin != "modelscope://Org/M:Q4_K_M" || len(p.Blobs) != 2 ||
				notes["org.opencontainers.image.revision"] != commit || notes["org.opencontainers.image.licenses"] != "Apache-2.0" {
				t.Errorf("%s, %s: %s, %s, %s, %v", name, input, p.Name, p.Digest, p.Origin, notes)
			}
			body, err := p.Blobs[1].Open(t.Context(), 0, -1)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(body); err != nil || !bytes.Equal(got, repo().Files["M-Q4_K_M.gguf"]) {
				t.Errorf("%s: %d bytes, %v", name, len(got), err)
			}
			body.Close()
		}
		if name == "whole" {
			if n := len(s.Requests()); n != 4*3 {
				t.Errorf("%d requests for 4 pulls", n)
			}
		}
	}
}

// Where the site names no commit, the branch is what there is; the digests tell whether it moved.
func TestNoCommit(t *testing.T) {
	s := fake.New(t, &fake.Options{NoCommit: true})
	s.Put(repo())
	p, err := resolver(t, s, "").Resolve(t.Context(), "Org/M:Q8_0")
	if err != nil || packaging.Annotations(p.Manifest)["org.opencontainers.image.revision"] != "" {
		t.Fatalf("%+v, %v", p, err)
	}
	if _, err := p.Blobs[1].Open(t.Context(), 0, -1); err != nil {
		t.Error(err)
	}
}

func TestErrors(t *testing.T) {
	var temporary *artifacts.TemporaryError
	for _, c := range []struct {
		input        string
		status, code int
		kind         error
		says         string
	}{
		{"Org/None", 0, 0, artifacts.ErrNotFound, "ModelScope has no repository Org/None"},
		{"Org/M@v9", 0, 0, artifacts.ErrNotFound, "no such revision"},
		{"Org/P", 0, 0, artifacts.ErrNotFound, "that this user may see"},
		{"Org/M", 403, 0, artifacts.ErrAuthentication, "not for everybody"},
		{"Org/M", 401, 0, artifacts.ErrAuthentication, "not for everybody"},
		{"Org/M", 429, 0, temporary, "429"},
		{"Org/M", 0, 500, nil, `ModelScope says "said so" (code 500)`},
		{"M", 0, 0, artifacts.ErrInvalidName, "want ORG/REPO"},
	} {
		s := fake.New(t, nil)
		s.Put(repo())
		s.Put(&fake.Repo{ID: "Org/P", Private: true, Commit: commit})
		s.Break(c.status, c.code)
		_, err := resolver(t, s, "").Resolve(t.Context(), c.input)
		fits := c.kind == nil || errors.Is(err, c.kind)
		if c.kind == temporary {
			fits = errors.As(err, &temporary)
		}
		if err == nil || !fits || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s, %d, %d: %v", c.input, c.status, c.code, err)
		}
		temporary = nil
	}
}
