package podmanstore

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// goodName is the model that every doctor test has beside what it breaks; no mending may touch it.
const goodName = "quay.io/org/good:1"

// sick returns a store with one good model, and "bad:1", which shares a blob with it.
func sick(t *testing.T) (*Store, *artifacts.Model) {
	t.Helper()
	s := testStore(t)
	good := storetest.NewOrigin(t, goodName, map[string]string{"a": "shared", "b": "good"})
	if _, err := s.Land(t.Context(), good.Plan, nil); err != nil {
		t.Fatal(err)
	}
	bad := storetest.NewOrigin(t, "quay.io/org/bad:1", map[string]string{"a": "shared", "b": "bad"})
	m, err := s.Land(t.Context(), bad.Plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s, m
}

func (s *Store) testPath(t *testing.T, d digest.Digest) string {
	t.Helper()
	path, err := s.blobPath(d)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// setEntries replaces the index: the good entry, and others.
func setEntries(t *testing.T, s *Store, others ...string) {
	t.Helper()
	x, err := s.readIndex()
	if err != nil {
		t.Fatal(err)
	}
	good := slices.IndexFunc(x.entries, func(e entry) bool { return e.name() == goodName })
	writeTest(t, s.indexPath(), `{"schemaVersion":2,"manifests":[`+strings.Join(append(others, string(x.entries[good].raw)), ",")+`]}`)
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func TestDoctor(t *testing.T) {
	for _, c := range []struct {
		name    string
		spoil   func(*testing.T, *Store, *artifacts.Model)
		want    []artifacts.FindingKind
		after   []artifacts.FindingKind // after one Mend; the rest after the second
		mendAll bool
	}{
		{"healthy", func(*testing.T, *Store, *artifacts.Model) {}, nil, nil, true},
		{"manifest missing", func(t *testing.T, s *Store, m *artifacts.Model) {
			remove(t, s.testPath(t, m.Digest))
		}, []artifacts.FindingKind{artifacts.FindingNoManifest, artifacts.FindingOrphan}, nil, true},
		{"manifest torn", func(t *testing.T, s *Store, m *artifacts.Model) {
			writeTest(t, s.testPath(t, m.Digest), string(m.Manifest[:100]))
		}, []artifacts.FindingKind{artifacts.FindingNoManifest}, []artifacts.FindingKind{artifacts.FindingOrphan}, true},
		{"unnamed", func(t *testing.T, s *Store, m *artifacts.Model) {
			setEntries(t, s, entryJSON(m.Digest.String(), ""))
		}, []artifacts.FindingKind{artifacts.FindingUnnamed}, nil, true},
		{"no descriptor", func(t *testing.T, s *Store, _ *artifacts.Model) {
			setEntries(t, s, `{"digest":"sha256:../../etc/passwd"}`)
		}, []artifacts.FindingKind{artifacts.FindingBadEntry}, []artifacts.FindingKind{artifacts.FindingOrphan, artifacts.FindingOrphan}, true},
		{"index", func(t *testing.T, s *Store, m *artifacts.Model) {
			raw := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[` + entryJSON(m.Digest.String(), "") + `]}`
			writeTest(t, s.testPath(t, digest.FromString(raw)), raw)
			setEntries(t, s, entryJSON(digest.FromString(raw).String(), "quay.io/org/index:1"))
		}, []artifacts.FindingKind{artifacts.FindingIndexEntry}, nil, true},
		{"blob missing", func(t *testing.T, s *Store, m *artifacts.Model) {
			remove(t, s.testPath(t, m.Packaging.Files[1].Digest))
		}, []artifacts.FindingKind{artifacts.FindingDamaged}, []artifacts.FindingKind{artifacts.FindingDamaged}, false},
		{"blob truncated", func(t *testing.T, s *Store, m *artifacts.Model) {
			writeTest(t, s.testPath(t, m.Packaging.Files[1].Digest), "b")
		}, []artifacts.FindingKind{artifacts.FindingDamaged}, []artifacts.FindingKind{artifacts.FindingDamaged}, false},
		{"orphans", func(t *testing.T, s *Store, _ *artifacts.Model) { setEntries(t, s) }, []artifacts.FindingKind{artifacts.FindingOrphan, artifacts.FindingOrphan}, nil, true},
		{"temporary files", func(t *testing.T, s *Store, _ *artifacts.Model) {
			writeTest(t, filepath.Join(s.root, "oci-put-blob123"), "half")
			writeTest(t, filepath.Join(s.root, tempPrefix+"1"), "half")
			writeTest(t, filepath.Join(s.root, "blobs", "sha256", tempPrefix+"2"), "half")
			writeTest(t, filepath.Join(s.work.trash, "x"), "gone")
		}, []artifacts.FindingKind{artifacts.FindingDeadUpload, artifacts.FindingLeftover, artifacts.FindingLeftover, artifacts.FindingLeftover}, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, m := sick(t)
			c.spoil(t, s, m)
			first := diagnose(t, s, c.want)
			mend(t, s, first)
			mend(t, s, diagnose(t, s, c.after))
			if c.mendAll {
				diagnose(t, s, nil)
			}
			checkGood(t, s)
		})
	}
}

func checkGood(t *testing.T, s *Store) {
	t.Helper()
	good, err := s.Find(t.Context(), goodName)
	if err != nil {
		t.Fatal(err)
	}
	if damaged, err := s.Check(t.Context(), good, true); err != nil || len(damaged) > 0 {
		t.Errorf("the good model: %+v, %v", damaged, err)
	}
}

func diagnose(t *testing.T, s *Store, want []artifacts.FindingKind) []artifacts.Finding {
	t.Helper()
	findings, err := s.Diagnose(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []artifacts.FindingKind
	for _, f := range findings {
		got = append(got, f.Kind)
		if f.Action == "" || f.Detail == "" {
			t.Errorf("nothing to read: %+v", f)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Fatalf("found %+v, want %v", findings, want)
	}
	return findings
}

func mend(t *testing.T, s *Store, findings []artifacts.Finding) {
	t.Helper()
	mended, err := s.Mend(t.Context(), findings, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, f := range findings {
		if f.Mendable {
			want++
		}
	}
	if len(mended) != want {
		t.Errorf("mended %+v of %+v", mended, findings)
	}
}

// TestMendLooksAgain: what is used, grew or came back since Diagnose stays.
func TestMendLooksAgain(t *testing.T) {
	s, m := sick(t)
	before, err := os.ReadFile(s.indexPath())
	if err != nil {
		t.Fatal(err)
	}
	setEntries(t, s)
	upload := filepath.Join(s.root, "oci-put-blob1")
	writeTest(t, upload, "half")
	findings := diagnose(t, s, []artifacts.FindingKind{artifacts.FindingOrphan, artifacts.FindingOrphan, artifacts.FindingDeadUpload})
	writeTest(t, upload, "half and more")
	writeTest(t, s.indexPath(), string(before))
	if mended, err := s.Mend(t.Context(), findings, nil); err != nil || len(mended) > 0 {
		t.Errorf("mended %+v, %v", mended, err)
	}
	if damaged, err := s.Check(t.Context(), m, true); err != nil || len(damaged) > 0 {
		t.Errorf("%+v, %v", damaged, err)
	}
	if _, err := os.Stat(upload); err != nil {
		t.Error(err)
	}
}

// TestInUse: neither an upload that a process writes, nor an orphan that one reads, nor any orphan while there is an upload.
func TestInUse(t *testing.T) {
	s, m := sick(t)
	setEntries(t, s)
	f, err := os.Open(s.testPath(t, m.Packaging.Files[1].Digest))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	diagnose(t, s, []artifacts.FindingKind{artifacts.FindingOrphan}) // the manifest
	upload, err := os.Create(filepath.Join(s.root, "oci-put-blob1"))
	if err != nil {
		t.Fatal(err)
	}
	defer upload.Close()
	diagnose(t, s, nil)
}

// TestGrace: young files are left alone.
func TestGrace(t *testing.T) {
	s, _ := sick(t)
	setEntries(t, s)
	writeTest(t, filepath.Join(s.root, "oci-put-blob1"), "half")
	patient, err := Open(&Options{GraphRoot: filepath.Dir(s.root), Grace: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	diagnose(t, patient, nil)
}

func TestStaleStaging(t *testing.T) {
	s := testStore(t)
	o := storetest.NewOrigin(t, "quay.io/org/m:1", map[string]string{"a": "bytes of a"})
	o.Before = func(_ context.Context, d digest.Digest) error {
		if d == o.Plan.Blobs[1].Digest {
			return errors.New("gone")
		}
		return nil
	}
	if _, err := s.Land(t.Context(), o.Plan, &artifacts.LandOptions{Jobs: 1}); err == nil { // one after the other: the config is there then
		t.Fatal("no error")
	}
	u, err := s.Usage(t.Context(), nil)
	if err != nil || u.Staging == 0 {
		t.Fatalf("usage %+v, %v", u, err)
	}
	findings, err := s.Diagnose(t.Context(), nil)
	if err != nil || len(findings) == 0 || findings[0].Kind != artifacts.FindingStaleStaging {
		t.Fatalf("%+v, %v", findings, err)
	}
	mended, err := s.Mend(t.Context(), findings, nil)
	if err != nil || len(mended) != len(findings) {
		t.Errorf("mended %+v, %v", mended, err)
	}
	diagnose(t, s, nil)
}

func TestUsage(t *testing.T) {
	s, m := sick(t)
	pin, err := storetest.ParseName(t, m.Name).Pinned(m.Digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Tag(t.Context(), m, pin); err != nil {
		t.Fatal(err)
	}
	writeTest(t, s.testPath(t, digest.FromString("orphan")), "orphan")
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
	want := own + shared + u.Models[2].Own + int64(len("orphan"))
	if u.Orphans != int64(len("orphan")) || u.Blobs != want || u.Staging != 0 || u.Leftovers != 0 {
		t.Errorf("got %+v, want %d in all", u, want)
	}
	if _, err := json.Marshal(u); err != nil {
		t.Error(err)
	}
}
