package podmanstore

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

const (
	digestA = "sha256:abc0000000000000000000000000000000000000000000000000000000000000"
	digestB = "sha256:abc1000000000000000000000000000000000000000000000000000000000000"
)

// TestNames: names that Podman 5.x stored as they were typed, and nothing that only looks alike.
func TestNames(t *testing.T) {
	s := testStore(t)
	writeTest(t, s.indexPath(), `{"schemaVersion":2,"manifests":[`+strings.Join([]string{
		entryJSON(digestA, "quay.io/org/typed"), entryJSON(digestA, "quay.io/org/both"),
		entryJSON(digestB, "quay.io/org/both:latest"), entryJSON(digestB, "short"), entryJSON(digestB, "abc"),
		entryJSON(digestB, ""),
	}, ",")+`]}`)
	for query, want := range map[string]string{
		"quay.io/org/typed":              "quay.io/org/typed " + digestA,
		"quay.io/org/typed:latest":       "quay.io/org/typed " + digestA,
		"quay.io/org/both":               "quay.io/org/both:latest " + digestB,
		"short":                          "short " + digestB,
		"abc":                            "abc " + digestB, // a name goes before a digest
		"abc1":                           "abc " + digestB,
		"quay.io/org/typed@" + digestA:   "quay.io/org/typed " + digestA,
		"quay.io/org/typed:1":            "",
		"quay.io/org/typed@" + digestB:   "",
		"org/typed":                      "",
		"short:latest":                   "",
		"docker.io/library/short:latest": "",
	} {
		m, err := s.Find(t.Context(), query)
		switch {
		case want == "" && !errors.Is(err, artifacts.ErrNotFound):
			t.Errorf("%s: got %+v, %v", query, m, err)
		case want != "" && err != nil:
			t.Errorf("%s: %v", query, err)
		case want != "" && m.Name+" "+m.Digest.String() != want:
			t.Errorf("%s: got %s %s, want %s", query, m.Name, m.Digest, want)
		}
	}
	_, err := s.Find(t.Context(), "abc0")
	if err != nil {
		t.Error(err)
	}
	if _, err := s.Find(t.Context(), "sha256:abc"); !errors.Is(err, artifacts.ErrAmbiguous) || !strings.Contains(err.Error(), "short") {
		t.Errorf("got %v", err)
	}
}

// TestListHidesNothing: an entry that cannot be read is listed beside the others, and says why.
func TestListHidesNothing(t *testing.T) {
	s, m := sick(t)
	noJSON := digest.FromString("no manifest")
	writeTest(t, s.testPath(t, noJSON), "no manifest")
	setEntries(t, s, `{"digest":"sha256:../../../etc/passwd"}`, entryJSON(digestA, "quay.io/org/gone:1"), entryJSON(noJSON.String(), "quay.io/org/text:1"))
	writeTest(t, s.testPath(t, m.Digest), "torn")
	models, err := s.List(t.Context())
	if err != nil || len(models) != 4 {
		t.Fatalf("%d models, %v", len(models), err)
	}
	for i, want := range []struct{ name, why string }{
		{"", "entry"}, {"quay.io/org/gone:1", "missing"}, {goodName, ""}, {"quay.io/org/text:1", "parsing manifest"},
	} {
		got := models[i]
		if got.Name != want.name {
			t.Fatalf("got %+v, want %+v", got, want)
		}
		if want.why == "" {
			if got.Packaging.Format != packaging.ModelPack {
				t.Errorf("the good model: %+v", got.Packaging)
			}
			continue
		}
		err := got.Packaging.Unservable
		if got.Packaging.Format != packaging.Unknown || !errors.Is(err, packaging.ErrUnservable) || !strings.Contains(err.Error(), want.why) {
			t.Errorf("%s: %s, %v", want.name, got.Packaging.Format, err)
		}
	}
}

// BenchmarkList lists 1,000 models.
func BenchmarkList(b *testing.B) {
	s := testStore(b)
	fill1000(b, s)
	for b.Loop() {
		if models, err := s.List(b.Context()); err != nil || len(models) != 1000 {
			b.Fatalf("%d models, %v", len(models), err)
		}
	}
}

// BenchmarkMove moves a tag in a store of 1,000 models.
func BenchmarkMove(b *testing.B) {
	s := testStore(b)
	fill1000(b, s)
	n := 0
	for b.Loop() {
		n++
		if _, err := s.Land(b.Context(), testOrigin(b, fmt.Sprint(n)).Plan, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func fill1000(b *testing.B, s *Store) {
	b.Helper()
	var entries []string
	for i := range 1000 {
		o := testOrigin(b, fmt.Sprint("model ", i))
		path, err := s.blobPath(o.Plan.Digest)
		if err != nil {
			b.Fatal(err)
		}
		writeTest(b, path, string(o.Plan.Manifest))
		entries = append(entries, entryJSON(o.Plan.Digest.String(), fmt.Sprintf("quay.io/bench/m%d:1", i)))
	}
	writeTest(b, s.indexPath(), `{"schemaVersion":2,"manifests":[`+strings.Join(entries, ",")+`]}`)
}
