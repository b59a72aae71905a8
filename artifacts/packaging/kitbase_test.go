package packaging

import (
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
)

// kitWith is a ModelKit whose Kitfile says where its model is, with a layer of each type.
func kitWith(t *testing.T, at string, types ...string) *Model {
	t.Helper()
	config := marshal(t, object{"model": object{"path": at}})
	var layers []object
	for _, kind := range types {
		layers = append(layers, madeLayer(kitLayerPrefix+kind, kind, 1))
	}
	manifest := marshal(t, object{
		"schemaVersion": 2, "config": madeLayer(kitConfig+"v1+json", string(config), int64(len(config))), "layers": layers,
	})
	m, err := Parse(manifest, config)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestKitReference: what is a reference is KitOps' word; one that leads nowhere from here is none.
func TestKitReference(t *testing.T) {
	pin := digest.FromString("x").String()
	for at, want := range map[string]string{
		"ghcr.io/org/base:1": "ghcr.io/org/base:1", "localhost:5000/base:v2": "localhost:5000/base:v2",
		"ghcr.io/org/base@" + pin: "ghcr.io/org/base@" + pin, "ghcr.io/org/base:1@" + pin: "ghcr.io/org/base@" + pin,
		"ghcr.io/org/base": "", "org/base:1": "", "weights.d/m.gguf": "", "a:b": "", "https://host.example/m:1": "", "C:/m.gguf": "",
		"ghcr.io/org/../base:1": "", "ghcr.io/ORG/base:1": "", "ghcr.io/org/base@sha256:1": "",
	} {
		m := kitWith(t, at, "docs.v1.tar")
		if m.Base != want || m.Derivable != (want != "") || m.Main != "" {
			t.Errorf("%s: base %q, derivable %v, main %q", at, m.Base, m.Derivable, m.Main)
		}
		if m.Unservable == nil || !strings.Contains(m.Unservable.Error(), at) {
			t.Errorf("%s: %v", at, m.Unservable)
		}
	}
	if m := kitWith(t, "ghcr.io/org/base:1", "model.v1.tar"); m.Base != "" {
		t.Errorf("a kit with a model of its own has the base %s", m.Base)
	}
}

func TestKitModel(t *testing.T) {
	m := kitWith(t, "m.gguf", "docs.v1.tar", "model.v1.tar", "code.v1.tar", "modelpart.v1.raw", "dataset.v1.tar+gzip")
	var got []digest.Digest
	for _, f := range m.KitModel() {
		got = append(got, f.Digest)
	}
	if want := []digest.Digest{m.Files[1].Digest, m.Files[3].Digest}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	m.Format = ModelPack
	if files := m.KitModel(); len(files) > 0 {
		t.Errorf("of no kit: %+v", files)
	}
}

// TestDerivedOf: the bases, and their order, are part of what a manifest was derived from.
func TestDerivedOf(t *testing.T) {
	origin, a, b := []byte(`{"schemaVersion":2}`), digest.FromString("a"), digest.FromString("b")
	files := []BuildFile{{Path: "m.gguf", Digest: a, Size: 1, Role: Weights}}
	all := map[string][]digest.Digest{"none": nil, "a": {a}, "b": {b}, "a, b": {a, b}, "b, a": {b, a}}
	seen := map[string]bool{}
	for name, bases := range all {
		raw, _, err := Derive(&Origin{Manifest: origin, Bases: bases}, files)
		if err != nil {
			t.Fatal(err)
		}
		for other, want := range all {
			if DerivedOf(Annotations(raw), digest.FromBytes(origin), want) != (name == other) {
				t.Errorf("derived with bases %s, asked for %s", name, other)
			}
		}
		seen[string(raw)] = true
	}
	if len(seen) != len(all) {
		t.Errorf("%d manifests of %d", len(seen), len(all))
	}
}
