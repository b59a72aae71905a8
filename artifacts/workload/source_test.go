package workload

import (
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// TestMountSource: the name of the model and the artifact that its files are mounted from are the same, unless the store has
// the files in another; what pins the model does not pin that one.
func TestMountSource(t *testing.T) {
	const name, derived, pin = "quay.io/org/smollm:135m", "localhost/paddock/derived:1", "quay.io/org/smollm@sha256:1"
	hex := dgst("manifest").Encoded()
	for _, c := range []struct{ name, mount, source, model, from string }{
		{name, name, "", name, ""},
		{name, name, pin, pin, ""},
		{"", hex, "", hex, ""},
		{name, derived, "", name, derived},
		{name, derived, pin, pin, derived},
		{"", derived, "", hex, derived},
	} {
		m := testModel(file("m.gguf", packaging.Weights))
		m.Name, m.Mount = c.name, artifacts.ArtifactMount{Source: c.mount}
		s, err := FromModel(m, &Options{Image: image, Name: "svc", Source: c.source})
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		artifact := c.from
		if artifact == "" {
			artifact = c.model
		}
		if s.Model != c.model || s.MountSource != c.from || s.Artifact() != artifact {
			t.Errorf("%+v: got %q from %q (%q)", c, s.Model, s.MountSource, s.Artifact())
		}
	}
	m := testModel(file("m.gguf", packaging.Weights))
	m.Mount = artifacts.ArtifactMount{Source: "localhost/x\nExecStart=/bin/sh"}
	if s, err := FromModel(m, &Options{Image: image}); err == nil {
		t.Errorf("a mount source of two lines: %+v", s)
	}
}
