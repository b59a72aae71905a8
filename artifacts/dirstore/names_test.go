package dirstore

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// TestShared: two names of one blob have one file, and removing one leaves the other's path as it is.
func TestShared(t *testing.T) {
	s := testStore(t)
	one := land(t, s, testOrigin(t, "weights"))
	two := land(t, s, storetest.NewOrigin(t, "quay.io/org/two:1", map[string]string{"dir/w.gguf": "weights"}))
	if err := s.Tag(t.Context(), one, storetest.ParseName(t, "quay.io/org/m:2")); err != nil {
		t.Fatal(err)
	}
	three, err := s.Find(t.Context(), "quay.io/org/m:2")
	if err != nil {
		t.Fatal(err)
	}
	first := stat(t, one, "m.gguf")
	for _, other := range []os.FileInfo{stat(t, two, "dir/w.gguf"), stat(t, three, "m.gguf")} {
		if !os.SameFile(first, other) {
			t.Error("the blob is there twice")
		}
	}
	if err := s.Remove(t.Context(), testName); err != nil {
		t.Fatal(err)
	}
	readBack(t, s, two)
	readBack(t, s, three)
	for _, name := range []string{two.Name, three.Name} {
		if err := s.Remove(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	if entries, err := os.ReadDir(s.models); err != nil || len(entries) > 0 {
		t.Errorf("left %v, %v", entries, err)
	}
	diagnose(t, s)
}

func stat(t *testing.T, m *artifacts.Model, path string) os.FileInfo {
	t.Helper()
	info, err := os.Stat(m.Mount.(artifacts.BindMount).Files[path])
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// TestTagDamaged: a tag of a damaged model is as damaged, and says so.
func TestTagDamaged(t *testing.T) {
	s := testStore(t)
	m := land(t, s, testOrigin(t, "weights"))
	remove(t, m.Mount.(artifacts.BindMount).Files["m.gguf"])
	if err := s.Tag(t.Context(), m, storetest.ParseName(t, "quay.io/org/m:2")); err != nil {
		t.Fatal(err)
	}
	diagnose(t, s, artifacts.FindingDamaged, artifacts.FindingDamaged)
	land(t, s, testOrigin(t, "weights"))
	diagnose(t, s)
}

// BenchmarkList lists 1,000 models.
func BenchmarkList(b *testing.B) {
	s := testStore(b)
	for i := range 1000 {
		o := testOrigin(b, fmt.Sprint("model ", i))
		dir := filepath.Join(s.models, fmt.Sprintf("quay.io+bench+m%d", i), "1")
		writeTest(b, filepath.Join(dir, manifestFile), string(o.Plan.Manifest))
		writeTest(b, filepath.Join(dir, recordFile), o.Plan.Digest.String()+"\n")
	}
	for b.Loop() {
		if models, err := s.List(b.Context()); err != nil || len(models) != 1000 {
			b.Fatalf("%d models, %v", len(models), err)
		}
	}
}
