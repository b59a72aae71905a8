package dirstore

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/opencontainers/go-digest"
	imgspecv1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// kitOf is a ModelKit of one layer, whose model is at a path, or in another kit.
func kitOf(t testing.TB, name, model, kind, data string) *storetest.Origin {
	t.Helper()
	const prefix = "application/vnd.kitops.modelkit."
	config := `{"model":{"path":"` + model + `"}}`
	m := imgspecv1.Manifest{
		Config: imgspecv1.Descriptor{MediaType: prefix + "config.v1+json", Digest: digest.FromString(config), Size: int64(len(config))},
		Layers: []imgspecv1.Descriptor{{MediaType: prefix + kind, Digest: digest.FromString(data), Size: int64(len(data))}},
	}
	m.SchemaVersion = 2
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return storetest.Serve(&artifacts.Plan{
		Name: storetest.ParseName(t, name), Kind: artifacts.KindArtifact, Manifest: raw,
		MediaType: imgspecv1.MediaTypeImageManifest, Digest: digest.FromBytes(raw),
	}, []byte(config), []byte(data))
}

// based is a kit with a document, whose model is an archive in another kit.
func based(t testing.TB, name, weights string) (top, base *storetest.Origin) {
	const ref = "quay.io/org/base:1"
	base = kitOf(t, ref, "m.gguf", "model.v1.tar", tarOf(t, "m.gguf", weights))
	top = kitOf(t, name, ref, "docs.v1.tar", tarOf(t, "README.md", "about"))
	top.Plan.Base = base.Plan
	return top, base
}

// TestKitWithBase: the model of another kit is part of this one, under each of its names, and moves with the reference.
func TestKitWithBase(t *testing.T) {
	const second = "quay.io/org/second:1"
	s := testStore(t)
	top, base := based(t, testName, "weights")
	m := land(t, s, top)
	want := map[string]string{"m.gguf": "weights", "README.md": "about"}
	if got := seen(t, m); !reflect.DeepEqual(got, want) || m.Packaging.Format != packaging.ModelKit || m.Packaging.Main != "m.gguf" {
		t.Errorf("%q, %+v", got, m.Packaging)
	}
	if base.Read() == 0 || m.Size != int64(len("weights")+len("about")) {
		t.Errorf("%d bytes of the base, size %d", base.Read(), m.Size)
	}
	readBack(t, s, m)
	checkWhole(t, s, m)
	top, base = based(t, testName, "weights")
	if again := land(t, s, top); top.Read()+base.Read() != 0 || !reflect.DeepEqual(again, m) {
		t.Errorf("landed again: %+v", again)
	}
	moved, _ := based(t, second, "others")
	other := land(t, s, moved)
	if got := seen(t, other)["m.gguf"]; got != "others" || other.Digest != m.Digest {
		t.Errorf("the second name has %q", got)
	}
	if got := seen(t, m); !reflect.DeepEqual(got, want) {
		t.Errorf("the first has %q since", got)
	}
	top, _ = based(t, testName, "others")
	if got := seen(t, land(t, s, top))["m.gguf"]; got != "others" {
		t.Errorf("the first still has %q", got)
	}
	checkWhole(t, s, other)
	for _, name := range []string{testName, second} {
		if err := s.Remove(t.Context(), name); err != nil {
			t.Error(err)
		}
	}
	diagnose(t, s)
}
