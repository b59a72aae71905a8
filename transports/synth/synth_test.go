package synth_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/copy"
	"go.podman.io/image/v5/oci/layout"
	"go.podman.io/image/v5/signature"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/transports/synth"
)

// breaking is a file whose first streams break after a byte.
func breaking(content string, breaks int) artifacts.Opener {
	return func(_ context.Context, offset, length int64) (io.ReadCloser, error) {
		if length != -1 {
			return nil, errors.New("the length is not -1")
		}
		rest := strings.NewReader(content[offset:])
		if breaks--; breaks < 0 {
			return io.NopCloser(rest), nil
		}
		return io.NopCloser(io.MultiReader(io.LimitReader(rest, 1), iotest.ErrReader(errors.New("broken")))), nil
	}
}

func model(t *testing.T, open artifacts.Opener) *synth.Model {
	t.Helper()
	name, err := artifacts.OriginName("hf.co", "Org/Model", "Q4_K_M")
	if err != nil {
		t.Fatal(err)
	}
	return &synth.Model{
		Name: name, Origin: "hf://Org/Model:Q4_K_M",
		Meta: packaging.BuildMeta{SourceURL: "https://hf.co/Org/Model", Revision: "abc", Licenses: []string{"MIT", "Apache-2.0"}},
		Files: []synth.File{
			{Path: "model.gguf", Digest: digest.FromString("weights"), Size: 7, Open: open},
			{Path: "config.json", Digest: digest.FromString("{}"), Size: 2, Data: []byte("{}")},
		},
	}
}

func TestPlan(t *testing.T) {
	one, err := synth.Plan(model(t, breaking("weights", 0)))
	if err != nil {
		t.Fatal(err)
	}
	m := model(t, breaking("weights", 0))
	m.Files[0], m.Files[1] = m.Files[1], m.Files[0]
	two, err := synth.Plan(m)
	if err != nil || one.Digest != two.Digest || !bytes.Equal(one.Manifest, two.Manifest) {
		t.Errorf("another order of files gives another manifest: %v", err)
	}
	got := packaging.Annotations(one.Manifest)
	for key, want := range map[string]string{
		synth.OriginAnnotation: "hf://Org/Model:Q4_K_M", "org.opencontainers.image.source": "https://hf.co/Org/Model",
		"org.opencontainers.image.revision": "abc", "org.opencontainers.image.licenses": "MIT AND Apache-2.0",
	} {
		if got[key] != want {
			t.Errorf("annotation %s is %q, want %q", key, got[key], want)
		}
	}
	if len(one.Blobs) != 3 || one.Digest != digest.FromBytes(one.Manifest) || one.Kind != artifacts.KindArtifact {
		t.Errorf("got %+v", one)
	}
	for _, spoil := range []func(*synth.Model){
		func(m *synth.Model) { m.Files[0].Open = nil },
		func(m *synth.Model) { m.Files[0].Digest = "" },
		func(m *synth.Model) { m.Files[0].Path = "../x" },
		func(m *synth.Model) { m.Files = nil },
	} {
		bad := model(t, breaking("weights", 0))
		spoil(bad)
		if plan, err := synth.Plan(bad); err == nil {
			t.Errorf("no error: %+v", plan)
		}
	}
}

func policyFile(t *testing.T, policy string) *types.SystemContext {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.json")
	if err := os.WriteFile(path, []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	return &types.SystemContext{SignaturePolicyPath: path}
}

func TestAdmit(t *testing.T) {
	plan, err := synth.Plan(model(t, breaking("weights", 0)))
	if err != nil {
		t.Fatal(err)
	}
	scope := synth.Scope{Transport: "hf", Identity: "Org/Model", Namespaces: []string{"Org"}}
	const accept, reject = `[{"type":"insecureAcceptAnything"}]`, `[{"type":"reject"}]`
	for _, c := range []struct {
		policy string
		want   error
	}{
		{`{"default":` + accept + `}`, nil},
		{`{"default":` + reject + `}`, artifacts.ErrPolicy},
		{`{"default":` + reject + `,"transports":{"hf":{"Org":` + accept + `}}}`, nil},
		{`{"default":` + reject + `,"transports":{"hf":{"Org":` + reject + `,"Org/Model":` + accept + `}}}`, nil},
		{`{"default":` + accept + `,"transports":{"hf":{"":` + reject + `,"Other":` + accept + `}}}`, artifacts.ErrPolicy},
		{`{"default":` + reject + `,"transports":{"docker":{"":` + accept + `}}}`, artifacts.ErrPolicy},
	} {
		if err := synth.Admit(t.Context(), policyFile(t, c.policy), scope, plan); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.policy, err, c.want)
		}
	}
	if err := synth.Admit(t.Context(), policyFile(t, "no json"), scope, plan); err == nil || errors.Is(err, artifacts.ErrPolicy) {
		t.Errorf("a broken policy: %v", err)
	}
}

// copyTo copies the model to a layout on disk by containers/image, and returns the digest that it has there.
func copyTo(t *testing.T, plan *artifacts.Plan) (digest.Digest, error) {
	t.Helper()
	checker, err := signature.NewPolicyContext(&signature.Policy{Default: []signature.PolicyRequirement{signature.NewPRInsecureAcceptAnything()}})
	if err != nil {
		t.Fatal(err)
	}
	defer checker.Destroy()
	to, err := layout.NewReference(t.TempDir(), "x")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := copy.Image(t.Context(), checker, to, synth.Reference(synth.Scope{Transport: "hf", Identity: "Org/Model"}, plan),
		&copy.Options{PreserveDigests: true})
	return digest.FromBytes(raw), err
}

func TestCopy(t *testing.T) {
	plan, err := synth.Plan(model(t, breaking("weights", 6))) // each stream but the last breaks after a byte
	if err != nil {
		t.Fatal(err)
	}
	if d, err := copyTo(t, plan); err != nil || d != plan.Digest {
		t.Errorf("got %s, %v, want %s", d, err, plan.Digest)
	}
	for name, open := range map[string]artifacts.Opener{
		"lies":    breaking("weighty", 0),
		"is cut":  breaking("weigh", 0),
		"refuses": func(context.Context, int64, int64) (io.ReadCloser, error) { return nil, artifacts.ErrAuthentication },
	} {
		plan, err := synth.Plan(model(t, open))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := copyTo(t, plan); err == nil || name == "refuses" && !errors.Is(err, artifacts.ErrAuthentication) {
			t.Errorf("an origin that %s: %v", name, err)
		}
	}
}
