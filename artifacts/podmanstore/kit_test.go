package podmanstore

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// kitOf is a ModelKit without digests in its Kitfile, whose layers are archives unless their type ends in raw.
func kitOf(model string, layers ...packedLayer) packed {
	return packed{configType: "application/vnd.kitops.modelkit.config.v1+json", config: `{"model":{"path":"` + model + `"}}`, layers: layers}
}

func kitLayer(t testing.TB, kind, name, content string) packedLayer {
	t.Helper()
	mediaType := "application/vnd.kitops.modelkit." + kind
	if strings.HasSuffix(kind, ".raw") {
		return packedLayer{mediaType, []byte(content), nil}
	}
	return packedLayer{mediaType, makeTar(t, map[string]string{name: content}), nil}
}

// based is a kit with a document, whose model is in a kit with one of its own, which it refers to.
type based struct{ top, base *storetest.Origin }

func newBased(t testing.TB, weights string) based {
	t.Helper()
	const ref = "quay.io/org/base:1"
	base := kitOf("m.gguf", kitLayer(t, "model.v1.raw", "", weights), kitLayer(t, "docs.v1.tar", "README.md", "of the base")).origin(t, ref)
	kit, err := packaging.Parse(base.Plan.Manifest, []byte(kitOf("m.gguf").config))
	if err != nil {
		t.Fatal(err)
	}
	base.Plan.Blobs = base.Plan.Blobs[:2] // without the document
	if kit.KitModel()[0].Digest != base.Plan.Blobs[1].Digest {
		t.Fatalf("%+v", base.Plan.Blobs)
	}
	top := kitOf(ref, kitLayer(t, "docs.v1.tar", "README.md", "about")).origin(t, testName)
	top.Plan.Base = base.Plan
	return based{top, base}
}

func (b based) land(t testing.TB, s *Store) *artifacts.Model {
	t.Helper()
	m, err := s.Land(t.Context(), b.top.Plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestKitWithBase: the model of another kit is part of this one, whose manifest stays as it is.
func TestKitWithBase(t *testing.T) {
	s := testStore(t)
	m := newBased(t, "weights").land(t, s)
	if m.Packaging.Format != packaging.ModelKit || m.Packaging.Main != "m.gguf" || m.Packaging.Unservable != nil || m.Packaging.Base == "" {
		t.Errorf("%+v", m.Packaging)
	}
	if m.Size != int64(len("weights")+len("about")) {
		t.Errorf("%d bytes", m.Size)
	}
	if got, want := mounted(t, s, m), (map[string]string{"m.gguf": "weights: weights", "README.md": "doc: about"}); !reflect.DeepEqual(got, want) {
		t.Errorf("files %q", got)
	}
	checkSeen(t, s, m)
	again := newBased(t, "weights")
	if second := again.land(t, s); again.top.Read()+again.base.Read() != 0 || !reflect.DeepEqual(second, m) {
		t.Errorf("landed again: %+v, %d bytes", second, again.base.Read())
	}
	if err := s.Remove(t.Context(), testName); err != nil {
		t.Error(err)
	}
	if left := blobNames(t, s); len(left) > 0 {
		t.Errorf("left %v", left)
	}
	nothingStaged(t, s)
}

// TestBaseMoved: the same manifest, with another model behind its reference, is derived anew, and back again.
func TestBaseMoved(t *testing.T) {
	s := testStore(t)
	for i, weights := range []string{"weights", "others", "weights"} {
		b := newBased(t, weights)
		m := b.land(t, s)
		if got := mounted(t, s, m)["m.gguf"]; got != "weights: "+weights {
			t.Errorf("%s: %q", weights, got)
		}
		if b.base.ReadOf(weights) == 0 || i > 0 && b.top.Read() > 0 {
			t.Errorf("%s: %d bytes of the kit, %d of its base", weights, b.top.Read(), b.base.ReadOf(weights))
		}
		checkSeen(t, s, m)
	}
	nothingStaged(t, s)
}

// TestBaseIsRepaired: a file of the base that is damaged is fetched again, by landing the kit.
func TestBaseIsRepaired(t *testing.T) {
	s := testStore(t)
	m := newBased(t, "weights").land(t, s)
	writeTest(t, s.testPath(t, digest.FromString("weights")), "WEIGHTS")
	damaged, err := s.Check(t.Context(), m, true)
	if err != nil || len(damaged) != 1 {
		t.Fatalf("%+v, %v", damaged, err)
	}
	if err := s.Discard(t.Context(), damaged); err != nil {
		t.Fatal(err)
	}
	if repaired := newBased(t, "weights").land(t, s); !reflect.DeepEqual(repaired, m) {
		t.Errorf("%+v", repaired)
	}
	checkSeen(t, s, m)
}

// TestBaseRefused: what cannot be joined leaves nothing behind, and says why.
func TestBaseRefused(t *testing.T) {
	clash := newBased(t, "weights")
	clash.top = kitOf("quay.io/org/base:1", kitLayer(t, "docs.v1.tar", "m.gguf", "no weights")).origin(t, testName)
	clash.top.Plan.Base = clash.base.Plan
	alone := newBased(t, "weights")
	alone.top.Plan.Base = nil
	forged := newBased(t, "weights")
	forged.base.Plan.Digest = digest.FromString("x")
	lying := newBased(t, "weights")
	lying.base.Lie()
	for what, c := range map[string]struct {
		based
		err  error
		text string
	}{
		"clash": {clash, packaging.ErrUnsafePath, "m.gguf"}, "alone": {alone, packaging.ErrUnservable, "only a pull from a registry"},
		"forged": {forged, artifacts.ErrVerification, "quay.io/org/base:1"}, "lying": {lying, artifacts.ErrVerification, ""},
	} {
		s := testStore(t)
		_, err := s.Land(t.Context(), c.top.Plan, nil)
		if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", what, err)
		}
		if list, err := s.List(t.Context()); err != nil || len(list) > 0 {
			t.Errorf("%s: %+v, %v", what, list, err)
		}
	}
}
