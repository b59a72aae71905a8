package podmanstore

import (
	"os"
	"reflect"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// TestDoctorUnpacksAgain: what became of unpacked files is found once, by the name of their model, and mended from what the store
// has; models that were never unpacked, too.
func TestDoctorUnpacksAgain(t *testing.T) {
	const missing = "the manifest is missing"
	weights := digest.FromString("weights")
	for what, spoil := range map[string]func(*testing.T, *Store, *artifacts.Model){
		"removed with Podman": func(t *testing.T, s *Store, m *artifacts.Model) {
			if err := openPodman(t, s).remove(t.Context(), derivedName(m.Digest)); err != nil {
				t.Fatal(err)
			}
		},
		"a file is missing": func(t *testing.T, s *Store, _ *artifacts.Model) { remove(t, s.testPath(t, weights)) },
		"a file is cut":     func(t *testing.T, s *Store, _ *artifacts.Model) { writeTest(t, s.testPath(t, weights), "w") },
		"the manifest is torn": func(t *testing.T, s *Store, m *artifacts.Model) {
			writeTest(t, s.testPath(t, openPodman(t, s).names(t)[derivedName(m.Digest)]), "{")
		},
		missing: func(t *testing.T, s *Store, m *artifacts.Model) {
			remove(t, s.testPath(t, openPodman(t, s).names(t)[derivedName(m.Digest)]))
		},
	} {
		t.Run(what, func(t *testing.T) {
			s := testStore(t)
			m := landPacked(t, s, tarred(t), testName)
			if err := s.Tag(t.Context(), m, storetest.ParseName(t, "quay.io/org/second:1")); err != nil {
				t.Fatal(err)
			}
			spoil(t, s, m)
			want := []artifacts.FindingKind{artifacts.FindingNotUnpacked}
			if what == missing { // nothing says any more whose its files are
				want = append(want, artifacts.FindingOrphan, artifacts.FindingOrphan, artifacts.FindingOrphan)
			}
			findings := diagnose(t, s, want)
			if findings[0].Name != testName || findings[0].Digest != m.Digest {
				t.Errorf("found %+v", findings[0])
			}
			mend(t, s, findings)
			if found, err := s.Find(t.Context(), testName); err != nil || !reflect.DeepEqual(found, m) {
				t.Errorf("found %+v, %v; want %+v", found, err, m)
			}
			mounted3(t, s, m)
			diagnose(t, s, nil)
			nothingStaged(t, s)
		})
	}
}

// mounted3 is whether Podman knows the two names of a model, and its unpacked files, again.
func mounted3(t *testing.T, s *Store, m *artifacts.Model) {
	t.Helper()
	if names := openPodman(t, s).names(t); len(names) != 3 || names[derivedName(m.Digest)] == "" {
		t.Errorf("podman artifact ls: %v", names)
	}
	if damaged, err := s.Check(t.Context(), m, true); err != nil || len(damaged) > 0 {
		t.Errorf("damaged: %+v, %v", damaged, err)
	}
}

// TestDoctorCannotUnpack: a model that lost what it is unpacked from is damaged; one whose files are in another's, too, is to be
// pulled; and a name that went to another model since is left alone.
func TestDoctorCannotUnpack(t *testing.T) {
	s := testStore(t)
	kit := newBased(t, "weights").land(t, s)
	if err := openPodman(t, s).remove(t.Context(), derivedName(kit.Digest)); err != nil {
		t.Fatal(err)
	}
	findings := diagnose(t, s, []artifacts.FindingKind{artifacts.FindingNotUnpacked})
	if mended, err := s.Mend(t.Context(), findings, nil); err != nil || findings[0].Mendable || len(mended) > 0 {
		t.Errorf("%+v, mended %+v, %v", findings, mended, err)
	}

	s = testStore(t)
	m := landPacked(t, s, tarred(t), testName)
	if err := openPodman(t, s).remove(t.Context(), derivedName(m.Digest)); err != nil {
		t.Fatal(err)
	}
	findings = diagnose(t, s, []artifacts.FindingKind{artifacts.FindingNotUnpacked})
	path := s.testPath(t, digest.FromBytes(tarred(t).layers[0].data))
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	diagnose(t, s, []artifacts.FindingKind{artifacts.FindingDamaged})
	if mended, err := s.Mend(t.Context(), findings, nil); err == nil || len(mended) > 0 {
		t.Errorf("mended %+v, %v", mended, err)
	}
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	other, err := s.Land(t.Context(), testOrigin(t, "other").Plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	if mended, err := s.Mend(t.Context(), findings, nil); err != nil || len(mended) > 0 {
		t.Errorf("mended %+v, %v", mended, err)
	}
	if now, err := s.Find(t.Context(), testName); err != nil || now.Digest != other.Digest {
		t.Errorf("the name has %+v, %v", now, err)
	}
}
