package dirstore

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// sick returns a store with a good model, and "bad:1", which shares a blob with it, and the latter's folder.
func sick(t *testing.T) (s *Store, bad *artifacts.Model, dir string) {
	t.Helper()
	s = testStore(t)
	land(t, s, storetest.NewOrigin(t, "quay.io/org/good:1", map[string]string{"a": "shared", "b": "good"}))
	bad = land(t, s, storetest.NewOrigin(t, "quay.io/org/bad:1", map[string]string{"a": "shared", "b": "bad"}))
	return s, bad, filepath.Join(s.models, "quay.io+org+bad", "1")
}

func TestDoctor(t *testing.T) {
	type kinds = []artifacts.FindingKind
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, s *Store, m *artifacts.Model, dir string)
		want  kinds
		after kinds // after Mend
	}{
		{"healthy", func(*testing.T, *Store, *artifacts.Model, string) {}, nil, nil},
		{"manifest missing", func(t *testing.T, _ *Store, _ *artifacts.Model, dir string) {
			remove(t, filepath.Join(dir, manifestFile))
		}, kinds{artifacts.FindingNoManifest}, nil},
		{"manifest torn", func(t *testing.T, _ *Store, m *artifacts.Model, dir string) {
			writeTest(t, filepath.Join(dir, manifestFile), string(m.Manifest[:100]))
		}, kinds{artifacts.FindingNoManifest}, nil},
		{"manifest of another tool torn", func(t *testing.T, _ *Store, m *artifacts.Model, dir string) {
			writeTest(t, filepath.Join(dir, manifestFile), string(m.Manifest[:100]))
			remove(t, filepath.Join(dir, recordFile))
		}, kinds{artifacts.FindingNoManifest}, nil},
		{"record torn", func(t *testing.T, _ *Store, _ *artifacts.Model, dir string) {
			writeTest(t, filepath.Join(dir, recordFile), "")
		}, kinds{artifacts.FindingNoManifest}, kinds{artifacts.FindingNoManifest}},
		{"index", func(t *testing.T, _ *Store, _ *artifacts.Model, dir string) {
			raw := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}`
			writeTest(t, filepath.Join(dir, manifestFile), raw)
			remove(t, filepath.Join(dir, recordFile))
		}, kinds{artifacts.FindingIndexEntry}, nil},
		{"blob missing", func(t *testing.T, _ *Store, m *artifacts.Model, _ string) {
			remove(t, m.Mount.(artifacts.BindMount).Files["b"])
		}, kinds{artifacts.FindingDamaged}, kinds{artifacts.FindingDamaged}},
		{"blob truncated", func(t *testing.T, _ *Store, m *artifacts.Model, _ string) {
			overwrite(t, m.Mount.(artifacts.BindMount).Files["a"], "sha")
		}, kinds{artifacts.FindingDamaged}, kinds{artifacts.FindingDamaged}},
		{"strangers", func(t *testing.T, s *Store, _ *artifacts.Model, _ string) {
			writeTest(t, filepath.Join(s.models, "README"), "hands off")
			writeTest(t, filepath.Join(s.models, "quay.io+org+good", "note"), "a file")
			writeTest(t, filepath.Join(s.models, "My Models", "1", manifestFile), "{}")
		}, kinds{artifacts.FindingBadEntry, artifacts.FindingBadEntry, artifacts.FindingBadEntry},
			kinds{artifacts.FindingBadEntry, artifacts.FindingBadEntry, artifacts.FindingBadEntry}},
		{"crashes", func(t *testing.T, s *Store, _ *artifacts.Model, _ string) {
			writeTest(t, filepath.Join(s.temp, "A", manifestFile), "{}")
			writeTest(t, filepath.Join(s.trash, "B", versionFile), version11)
			writeTest(t, filepath.Join(s.trash, "C"), "a blob")
			if err := os.Mkdir(filepath.Join(s.models, "quay.io+begun"), 0o755); err != nil {
				t.Fatal(err)
			}
		}, slices.Repeat(kinds{artifacts.FindingLeftover}, 4), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, m, dir := sick(t)
			c.spoil(t, s, m, dir)
			findings := diagnose(t, s, c.want...)
			mended, err := s.Mend(t.Context(), findings, nil)
			if err != nil || len(mended) != len(c.want)-len(c.after) {
				t.Errorf("mended %+v, %v", mended, err)
			}
			diagnose(t, s, c.after...)
			good, err := s.Find(t.Context(), "quay.io/org/good:1")
			if err != nil {
				t.Fatal(err)
			}
			readBack(t, s, good)
		})
	}
}

func diagnose(t *testing.T, s *Store, want ...artifacts.FindingKind) []artifacts.Finding {
	t.Helper()
	findings, err := s.Diagnose(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []artifacts.FindingKind
	for _, f := range findings {
		got = append(got, f.Kind)
		if f.Action == "" || f.Detail == "" || f.Name == "" && f.Path == "" && f.Digest == "" {
			t.Errorf("nothing to read: %+v", f)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Fatalf("found %+v, want %v", findings, want)
	}
	return findings
}

// TestCrashedCommit: the store as a process leaves it that was killed between the exchange and the removal of the older
// layout, and just before the exchange. The name has the new layout, or the old one.
func TestCrashedCommit(t *testing.T) {
	for _, exchanged := range []bool{false, true} {
		s := testStore(t)
		old, now := testOrigin(t, "old weights"), testOrigin(t, "new weights")
		dir := filepath.Join(s.models, "quay.io+org+m", "1")
		land(t, s, now)
		if err := os.Rename(dir, filepath.Join(s.temp, "KILLED")); err != nil {
			t.Fatal(err)
		}
		land(t, s, old)
		want := old
		if exchanged {
			want = now
			if replaced, err := place(filepath.Join(s.temp, "KILLED"), dir); err != nil || !replaced {
				t.Fatalf("replaced %v, %v", replaced, err)
			}
		}
		m, err := s.Find(t.Context(), testName)
		if err != nil || m.Digest != want.Plan.Digest {
			t.Fatalf("found %+v, %v", m, err)
		}
		findings := diagnose(t, s, artifacts.FindingLeftover)
		if findings[0].Bytes <= int64(len(now.Plan.Manifest)) {
			t.Errorf("leftover of %d bytes", findings[0].Bytes)
		}
		if _, err := s.Mend(t.Context(), findings, nil); err != nil {
			t.Fatal(err)
		}
		diagnose(t, s)
		readBack(t, s, m)
	}
}

// TestMendLooksAgain: what was repaired or came to be used since Diagnose stays.
func TestMendLooksAgain(t *testing.T) {
	s, m, dir := sick(t)
	remove(t, filepath.Join(dir, manifestFile))
	empty := filepath.Join(s.models, "quay.io+org+m")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	findings := diagnose(t, s, artifacts.FindingNoManifest, artifacts.FindingLeftover)
	writeTest(t, filepath.Join(dir, manifestFile), string(m.Manifest))
	land(t, s, testOrigin(t, "weights"))
	if mended, err := s.Mend(t.Context(), findings, nil); err != nil || len(mended) > 0 {
		t.Errorf("mended %+v, %v", mended, err)
	}
	readBack(t, s, m)
	diagnose(t, s)
}

// TestListHidesNothing: a layout that cannot be read is listed beside the others, and says why; so does Find, and Remove
// removes it.
func TestListHidesNothing(t *testing.T) {
	s, m, dir := sick(t)
	writeTest(t, filepath.Join(dir, manifestFile), "torn")
	models, err := s.List(t.Context())
	if err != nil || len(models) != 2 || models[0].Name != m.Name || models[0].Packaging.Unservable == nil || models[0].Digest != m.Digest {
		t.Fatalf("%+v, %v", models, err)
	}
	if models[0].Packaging.Format != packaging.Unknown || models[1].Packaging.Format != packaging.ModelPack {
		t.Errorf("got %+v", models)
	}
	if found, err := s.Find(t.Context(), m.Digest.Encoded()[:20]); err != nil || found.Name != m.Name {
		t.Errorf("found %+v, %v", found, err)
	}
	if err := s.Remove(t.Context(), m.Name); err != nil {
		t.Error(err)
	}
	diagnose(t, s)
}

func TestStaleStaging(t *testing.T) {
	s := testStore(t)
	o := testOrigin(t, "weights")
	o.Before = func(_ context.Context, d digest.Digest) error {
		if d == o.Plan.Blobs[1].Digest {
			return errors.New("gone")
		}
		return nil
	}
	if _, err := s.Land(t.Context(), o.Plan, nil); err == nil {
		t.Fatal("no error")
	}
	u, err := s.Usage(t.Context(), nil)
	if err != nil || u.Staging == 0 || u.Blobs != 0 {
		t.Fatalf("usage %+v, %v", u, err)
	}
	findings, err := s.Diagnose(t.Context(), nil)
	if err != nil || len(findings) == 0 || findings[0].Kind != artifacts.FindingStaleStaging {
		t.Fatalf("%+v, %v", findings, err)
	}
	downloads, err := s.Prune(t.Context(), &artifacts.PruneOptions{DryRun: true})
	if err != nil || len(downloads) != len(findings) || downloads[0].Allocated == 0 {
		t.Errorf("would prune %+v, %v", downloads, err)
	}
	if mended, err := s.Mend(t.Context(), findings, nil); err != nil || len(mended) != len(findings) {
		t.Errorf("mended %+v, %v", mended, err)
	}
	diagnose(t, s)
	if downloads, err := s.Prune(t.Context(), nil); err != nil || len(downloads) > 0 {
		t.Errorf("pruned %+v, %v", downloads, err)
	}
}

func TestUsage(t *testing.T) {
	s, m, dir := sick(t)
	pin, err := storetest.ParseName(t, m.Name).Pinned(m.Digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Tag(t.Context(), m, pin); err != nil {
		t.Fatal(err)
	}
	writeTest(t, filepath.Join(dir, digest.FromString("orphan").Encoded()), "orphan")
	writeTest(t, filepath.Join(s.trash, "x", "y"), "trash")
	u, err := s.Usage(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	own := int64(len(m.Manifest) + len("bad"))
	shared := int64(len("shared") + len(storetest.Config))
	if len(u.Models) != 3 || u.Models[0].Name != m.Name || u.Models[1].Name != pin.String() {
		t.Fatalf("got %+v", u)
	}
	for _, got := range u.Models[:2] {
		if got.Own != own || got.Shared != shared {
			t.Errorf("got %+v, want %d own, %d shared", got, own, shared)
		}
	}
	want := own + shared + u.Models[2].Own + int64(len(m.Manifest)+len("orphan"))
	if u.Orphans != int64(len("orphan")) || u.Blobs != want || u.Leftovers != int64(len("trash")) {
		t.Errorf("got %+v, want %d in all", u, want)
	}
}
