package ollama

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/staging"
	fake "github.com/paddock-dev/paddock/tests/fakes/ollama"
	"github.com/paddock-dev/paddock/transports/source"
)

const config = `{"model_format":"gguf","model_family":"llama","model_type":"135M","file_type":"Q4_0"}`

const apacheText = "                                 Apache License\n                           Version 2.0, January 2004\n"

func weights() []byte { return []byte("GGUF" + strings.Repeat("weights!", 1<<18)) }

func policy(t *testing.T, text string) *types.SystemContext {
	t.Helper()
	file := filepath.Join(t.TempDir(), "policy.json")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return &types.SystemContext{SignaturePolicyPath: file}
}

// start starts a registry with one model, and a resolver that trusts it.
func start(t *testing.T, o *fake.Options) (*fake.Registry, *Resolver) {
	t.Helper()
	reg := fake.New(t, o)
	reg.Publish("library/smollm:135m", config,
		fake.Layer{Kind: "model", Data: weights()}, fake.Layer{Kind: "projector", Data: []byte("GGUFprojector")},
		fake.Layer{Kind: "template", Data: []byte("{{ .Prompt }}")}, fake.Layer{Kind: "params", Data: []byte(`{"temperature":0.2}`)},
		fake.Layer{Kind: "system", Data: []byte("be kind")}, fake.Layer{Kind: "license", Data: []byte(apacheText)})
	certs := t.TempDir()
	if o != nil && o.TLS {
		if err := os.WriteFile(filepath.Join(certs, "ca.crt"), reg.CA(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return reg, New(&Options{
		Web:    source.WebOptions{Trust: &source.Trust{CertDir: certs, Insecure: o == nil || !o.TLS}, Wait: func(context.Context, time.Duration) error { return nil }},
		System: policy(t, `{"default":[{"type":"insecureAcceptAnything"}]}`),
	})
}

func fetch(t *testing.T, plan *artifacts.Plan) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	batch, err := staging.Open(t.TempDir()).Fetch(ctx, plan.Blobs, nil)
	if err != nil {
		return err
	}
	return batch.Close()
}

func TestPull(t *testing.T) {
	for name, o := range map[string]*fake.Options{"tls": {TLS: true}, "plain, as asked": nil} {
		t.Run(name, func(t *testing.T) {
			reg, r := start(t, o)
			ref := reg.Host() + "/library/smollm:135m"
			plan, err := r.Resolve(t.Context(), ref)
			if err != nil {
				t.Fatal(err)
			}
			if n := reg.Sent(); n > 4<<10 {
				t.Errorf("resolving moved %d bytes", n)
			}
			if err := fetch(t, plan); err != nil {
				t.Fatal(err)
			}
			m, err := packaging.Parse(plan.Manifest, nil)
			if err != nil || m.Format != packaging.ModelPack || m.Main != "model.gguf" || m.Unservable != nil {
				t.Fatalf("%+v, %v", m, err)
			}
			for path, role := range map[string]packaging.Role{
				"model.gguf": packaging.Weights, "mmproj.gguf": packaging.Projector, "template.gotmpl": packaging.Template,
				"params.json": packaging.Params, "system.txt": packaging.Other, "LICENSE": packaging.License,
			} {
				if f := m.First(role); f == nil || f.Path != path {
					t.Errorf("%s: %+v", role, f)
				}
			}
			if a := packaging.Annotations(plan.Manifest); a["org.opencontainers.image.licenses"] != "Apache-2.0" ||
				!strings.HasPrefix(a["org.opencontainers.image.revision"], "sha256:") || a["org.paddock.origin"] != "ollama://"+ref {
				t.Errorf("%v", a)
			}
			names, err := r.Names(ref)
			if err != nil || names.Queries[0] != plan.Name.String() || names.Origin != plan.Origin {
				t.Errorf("%+v, %v", names, err)
			}
			again, err := r.Resolve(t.Context(), ref)
			if err != nil || again.Digest != plan.Digest {
				t.Errorf("again: %v, %v", again, err)
			}
		})
	}
}

func TestNames(t *testing.T) {
	for input, want := range map[string]string{
		"smollm":                               "ollama.com/library/smollm:latest ollama://library/smollm:latest",
		"smollm:135m":                          "ollama.com/library/smollm:135m ollama://library/smollm:135m",
		"Me/Model:Q4_K_M":                      "ollama.com/me/model:Q4_K_M ollama://Me/Model:Q4_K_M",
		"ollama.com/library/smollm":            "ollama.com/library/smollm:latest ollama://library/smollm:latest",
		"registry.ollama.ai/library/smollm:1b": "ollama.com/library/smollm:1b ollama://library/smollm:1b",
		"Box.example:11434/a/b:c":              "box.example:11434/a/b:c ollama://box.example:11434/a/b:c",
		"ollama.com/library/smollm/":           "ollama.com/library/smollm:latest ollama://library/smollm:latest",
		"ollama.com/smollm":                    "ollama.com/library/smollm:latest ollama://library/smollm:latest",
	} {
		names, err := New(nil).Names(input)
		if err != nil || names.Queries[0]+" "+names.Origin != want {
			t.Errorf("%s: %+v, %v", input, names, err)
		}
	}
	for _, input := range []string{"", "/", "a//b", "a/b/c/d", "x:", ":x", "a:b:c", "a@sha256:b", "a/../b", "ollama.com/library/x?y", "..", "a/é"} {
		if _, err := New(nil).Names(input); !errors.Is(err, artifacts.ErrInvalidName) {
			t.Errorf("%q: %v", input, err)
		}
	}
}

func TestErrors(t *testing.T) {
	spoil := func(where string, code int, header ...string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, req *http.Request) bool {
			if !strings.Contains(req.URL.Path, where) {
				return false
			}
			for _, h := range header {
				w.Header().Set(h, "7200")
			}
			w.WriteHeader(code)
			return true
		}
	}
	model := digest.FromBytes(weights()).Encoded()
	for name, c := range map[string]struct {
		ref, says string
		spoil     func(http.ResponseWriter, *http.Request) bool
		is        error
		as        func(error) bool
	}{
		"unknown":       {ref: "library/none:1", is: artifacts.ErrNotFound, says: "manifest unknown"},
		"401":           {spoil: spoil("manifests", 401), is: artifacts.ErrAuthentication, as: isA[*source.RefusedError], says: "401"},
		"403":           {spoil: spoil("manifests", 403), is: artifacts.ErrAuthentication, as: isA[*source.RefusedError], says: "403"},
		"429":           {spoil: spoil("manifests", 429, "Retry-After"), as: isA[*artifacts.TemporaryError], says: "429"},
		"429 of a blob": {spoil: spoil(model, 429, "Retry-After"), as: isA[*artifacts.TemporaryError], says: "wait 2h"},
		"404 of a blob": {spoil: spoil(model, 404), is: artifacts.ErrNotFound, says: "404"},
		"silence":       {spoil: func(_ http.ResponseWriter, req *http.Request) bool { <-req.Context().Done(); return true }, as: isA[*artifacts.TemporaryError], says: "smollm"},
		"no manifest":   {spoil: func(w http.ResponseWriter, _ *http.Request) bool { _, _ = w.Write([]byte("<html>")); return true }, says: "reading the manifest"},
		"an image": {spoil: func(w http.ResponseWriter, _ *http.Request) bool {
			_, _ = w.Write([]byte(`{"schemaVersion":2,"config":{"mediaType":"application/vnd.docker.container.image.v1+json","digest":"sha256:` + strings.Repeat("a", 64) + `","size":1},"layers":[]}`))
			return true
		}, says: "none of Ollama's"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reg, r := start(t, &fake.Options{TLS: true, Spoil: c.spoil})
			if name == "silence" {
				r.o.Web.Stall = time.Second
			}
			ref := c.ref
			if ref == "" {
				ref = "library/smollm:135m"
			}
			plan, err := r.Resolve(t.Context(), reg.Host()+"/"+ref)
			if err == nil {
				err = fetch(t, plan)
			}
			if err == nil || !strings.Contains(err.Error(), c.says) || c.is != nil && !errors.Is(err, c.is) || c.as != nil && !c.as(err) ||
				strings.Contains(err.Error(), "secret") {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestWrongBytes(t *testing.T) {
	for _, what := range [][]byte{weights(), []byte(apacheText), []byte(config)} {
		reg, r := start(t, &fake.Options{TLS: true})
		reg.Corrupt(what)
		plan, err := r.Resolve(t.Context(), reg.Host()+"/library/smollm:135m")
		if err == nil {
			err = fetch(t, plan)
		}
		if !errors.Is(err, artifacts.ErrVerification) {
			t.Errorf("%.10q: %v", what, err)
		}
	}
}

// The tensor form is recognised and refused, before anything is fetched.
func TestTensors(t *testing.T) {
	reg, r := start(t, &fake.Options{TLS: true})
	reg.Publish("library/t:1", config, fake.Layer{Kind: "tensor", Name: "blk.0", Data: []byte("x")}, fake.Layer{Kind: "json", Name: "config.json", Data: []byte("{}")})
	if _, err := r.Resolve(t.Context(), reg.Host()+"/library/t:1"); !errors.Is(err, packaging.ErrUnservable) || !strings.Contains(err.Error(), "only Ollama reads") {
		t.Error(err)
	}
}

// Without being asked to, nobody speaks plain HTTP.
func TestNotPlain(t *testing.T) {
	reg, _ := start(t, nil)
	r := New(&Options{System: policy(t, `{"default":[{"type":"insecureAcceptAnything"}]}`)})
	if _, err := r.Resolve(t.Context(), reg.Host()+"/library/smollm:135m"); !errors.Is(err, http.ErrSchemeMismatch) {
		t.Error(err)
	}
}

func TestPolicy(t *testing.T) {
	reg, r := start(t, &fake.Options{TLS: true})
	ref := reg.Host() + "/library/smollm:135m"
	r.o.System = policy(t, `{"default":[{"type":"insecureAcceptAnything"}],"transports":{"ollama":{"`+reg.Host()+`/library":[{"type":"reject"}]}}}`)
	if _, err := r.Resolve(t.Context(), ref); !errors.Is(err, artifacts.ErrPolicy) {
		t.Error(err)
	}
	r.o.System = policy(t, `{"default":[{"type":"reject"}],"transports":{"ollama":{"`+reg.Host()+`/library/smollm":[{"type":"insecureAcceptAnything"}]}}}`)
	if _, err := r.Resolve(t.Context(), ref); err != nil {
		t.Error(err)
	}
}

// isA tells whether err is one of type E, or wraps one.
func isA[E error](err error) bool {
	_, is := errors.AsType[E](err)
	return is
}
