package dirstore

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/opencontainers/go-digest"
	imgspecv1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

const modelpack = "application/vnd.cncf.model."

type packedLayer struct{ mediaType, path, data string }

func packed(t testing.TB, name string, layers ...packedLayer) *storetest.Origin {
	t.Helper()
	m := imgspecv1.Manifest{MediaType: imgspecv1.MediaTypeImageManifest, Config: imgspecv1.Descriptor{
		MediaType: modelpack + "config.v1+json", Digest: digest.FromString("{}"), Size: 2,
	}}
	m.SchemaVersion = 2
	blobs, have := [][]byte{[]byte("{}")}, map[digest.Digest]bool{}
	for _, l := range layers {
		d := digest.FromString(l.data)
		m.Layers = append(m.Layers, imgspecv1.Descriptor{
			MediaType: modelpack + l.mediaType, Digest: d, Size: int64(len(l.data)),
			Annotations: map[string]string{"org.cncf.model.filepath": l.path},
		})
		if !have[d] {
			blobs, have[d] = append(blobs, []byte(l.data)), true
		}
	}
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return storetest.Serve(&artifacts.Plan{
		Name: storetest.ParseName(t, name), Kind: artifacts.KindArtifact, Manifest: raw, MediaType: m.MediaType, Digest: digest.FromBytes(raw),
	}, blobs...)
}

// tarred is a model with a tar of one file, and a layer that is a file; the config is in both.
func tarred(t testing.TB, name string) *storetest.Origin {
	return packed(t, name,
		packedLayer{"weight.v1.tar", "q4/m.gguf", tarOf(t, "m.gguf", "weights")},
		packedLayer{"weight.config.v1.tar", "config", tarOf(t, "config.json", "shared")},
		packedLayer{"doc.v1.raw", "README.md", "shared"})
}

func tarOf(t testing.TB, name, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(content)), Mode: 0o700})
	if err == nil {
		_, err = w.Write([]byte(content))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// seen is what a container sees: contents by path.
func seen(t testing.TB, m *artifacts.Model) map[string]string {
	t.Helper()
	files := map[string]string{}
	for path, host := range m.Mount.(artifacts.BindMount).Files {
		data, err := os.ReadFile(host)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(host); err != nil || info.Mode() != 0o644 {
			t.Errorf("%s has mode %v, %v", host, info.Mode(), err)
		}
		files[path] = string(data)
	}
	return files
}

func tarredFiles() map[string]string {
	return map[string]string{"q4/m.gguf": "weights", "config.json": "shared", "README.md": "shared"}
}

// TestDerived: archives are single files to a container, and the layout is still the publisher's.
func TestDerived(t *testing.T) {
	s := testStore(t)
	m := land(t, s, tarred(t, testName))
	if got := seen(t, m); !reflect.DeepEqual(got, tarredFiles()) || m.Packaging.Main != "q4/m.gguf" || m.Packaging.Unservable != nil {
		t.Errorf("%q, main %q, %v", got, m.Packaging.Main, m.Packaging.Unservable)
	}
	if m.Packaging.Format != packaging.ModelPack {
		t.Errorf("format %s", m.Packaging.Format)
	}
	readBack(t, s, m)
	checkWhole(t, s, m)
	again := tarred(t, testName)
	if second := land(t, s, again); again.Read() != 0 || !reflect.DeepEqual(second, m) {
		t.Errorf("landed again: %+v, %d bytes", second, again.Read())
	}
	u, err := s.Usage(t.Context(), nil)
	if err != nil || len(u.Models) != 1 || u.Models[0].Own != u.Blobs || u.Orphans != 0 {
		t.Errorf("usage %+v, %v", u, err)
	}
	if err := s.Remove(t.Context(), testName); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(s.models); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
	if left, err := os.ReadDir(s.unpackDir()); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

// TestDerivedNames: a second name has the unpacked files, too, as the same files, and keeps them.
func TestDerivedNames(t *testing.T) {
	const tagged, landed = "quay.io/org/tagged:1", "quay.io/org/landed:1"
	s := testStore(t)
	m := land(t, s, tarred(t, testName))
	if err := s.Tag(t.Context(), m, storetest.ParseName(t, tagged)); err != nil {
		t.Fatal(err)
	}
	land(t, s, tarred(t, landed))
	u, err := s.Usage(t.Context(), nil)
	if err != nil || len(u.Models) != 3 || u.Models[0].Own >= u.Blobs {
		t.Errorf("usage %+v, %v", u, err) // manifests are not shared
	}
	for _, gone := range []string{testName, tagged} {
		if err := s.Remove(t.Context(), gone); err != nil {
			t.Fatal(err)
		}
		last, err := s.Find(t.Context(), landed)
		if err != nil {
			t.Fatal(err)
		}
		if got := seen(t, last); !reflect.DeepEqual(got, tarredFiles()) {
			t.Errorf("without %s: %q", gone, got)
		}
		checkWhole(t, s, last)
	}
}

// TestRepeated: one content at two paths is one file that is mounted twice.
func TestRepeated(t *testing.T) {
	s := testStore(t)
	m := land(t, s, packed(t, testName, packedLayer{"weight.v1.raw", "m.gguf", "weights"},
		packedLayer{"weight.config.v1.raw", "a/x.json", "{ }"}, packedLayer{"weight.config.v1.raw", "b/y.json", "{ }"}))
	want := map[string]string{"m.gguf": "weights", "a/x.json": "{ }", "b/y.json": "{ }"}
	if got := seen(t, m); !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
	files := m.Mount.(artifacts.BindMount).Files
	if files["a/x.json"] != files["b/y.json"] {
		t.Errorf("%v", files)
	}
	checkWhole(t, s, m)
}

// TestDerivedIsRepaired: whatever becomes of the unpacked files, Check says so, and a landing without a byte from the origin
// mends it.
func TestDerivedIsRepaired(t *testing.T) {
	for what, spoil := range map[string]func(*testing.T, *layout, *record){
		"a file is missing": func(t *testing.T, l *layout, _ *record) { remove(t, l.file(blobFile(digest.FromString("weights")))) },
		"a file has other bytes": func(t *testing.T, l *layout, _ *record) {
			overwrite(t, l.file(blobFile(digest.FromString("weights"))), "WEIGHTS")
		},
		"the manifest is torn":   func(t *testing.T, l *layout, r *record) { overwrite(t, l.file(blobFile(r.unpacked)), "{") },
		"the record is gone":     func(t *testing.T, l *layout, _ *record) { remove(t, l.file(derivedFile)) },
		"the record is nonsense": func(t *testing.T, l *layout, _ *record) { overwrite(t, l.file(derivedFile), "x") },
	} {
		t.Run(what, func(t *testing.T) {
			s := testStore(t)
			m := land(t, s, tarred(t, testName))
			l := s.layoutOf(storetest.ParseName(t, testName))
			r := l.read()
			spoil(t, &l, &r)
			found, err := s.Find(t.Context(), testName)
			if err != nil {
				t.Fatal(err)
			}
			damaged, err := s.Check(t.Context(), found, true)
			if err != nil || len(damaged) == 0 {
				t.Errorf("%+v, %v", damaged, err)
			}
			if err := s.Discard(t.Context(), damaged); err != nil {
				t.Error(err)
			}
			o := tarred(t, testName)
			if repaired := land(t, s, o); o.Read() != 0 || !reflect.DeepEqual(repaired, m) {
				t.Errorf("%+v, %d bytes", repaired, o.Read())
			}
			checkWhole(t, s, m)
		})
	}
}

// TestDoctorUnpacksAgain: what became of unpacked files is found, and mended from what the store has. Wrong bytes are not read, and
// the files of another kit are not there to be unpacked.
func TestDoctorUnpacksAgain(t *testing.T) {
	for what, spoil := range map[string]func(*testing.T, *layout, *record){
		"a file is missing":      func(t *testing.T, l *layout, _ *record) { remove(t, l.file(blobFile(digest.FromString("weights")))) },
		"the manifest is torn":   func(t *testing.T, l *layout, r *record) { overwrite(t, l.file(blobFile(r.unpacked)), "{") },
		"the record is gone":     func(t *testing.T, l *layout, _ *record) { remove(t, l.file(derivedFile)) },
		"the record is nonsense": func(t *testing.T, l *layout, _ *record) { overwrite(t, l.file(derivedFile), "x") },
	} {
		s := testStore(t)
		m := land(t, s, tarred(t, testName))
		l := s.layoutOf(storetest.ParseName(t, testName))
		r := l.read()
		spoil(t, &l, &r)
		findings := diagnose(t, s, artifacts.FindingNotUnpacked)
		if mended, err := s.Mend(t.Context(), findings, nil); err != nil || len(mended) != 1 {
			t.Errorf("%s: mended %+v, %v", what, mended, err)
		}
		if found, err := s.Find(t.Context(), testName); err != nil || !reflect.DeepEqual(found, m) {
			t.Errorf("%s: found %+v, %v; want %+v", what, found, err, m)
		}
		checkWhole(t, s, m)
		diagnose(t, s)
	}
	s := testStore(t)
	top, _ := based(t, testName, "weights")
	land(t, s, top)
	l := s.layoutOf(storetest.ParseName(t, testName))
	remove(t, l.file(derivedFile))
	if findings := diagnose(t, s, artifacts.FindingNotUnpacked); findings[0].Mendable {
		t.Errorf("%+v", findings)
	}
}

// TestHostileArchive: what is refused leaves nothing behind.
func TestHostileArchive(t *testing.T) {
	s := testStore(t)
	o := packed(t, testName, packedLayer{"weight.v1.tar", "m.gguf", tarOf(t, "../../m.gguf", "weights")})
	if m, err := s.Land(t.Context(), o.Plan, nil); !errors.Is(err, packaging.ErrUnsafePath) {
		t.Fatalf("%+v, %v", m, err)
	}
	err := filepath.WalkDir(s.root, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() && path != filepath.Join(s.root, "lock") {
			t.Errorf("left %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestKilledWhileUnpacking: the folder is found and can be deleted.
func TestKilledWhileUnpacking(t *testing.T) {
	s := testStore(t)
	land(t, s, testOrigin(t, "weights"))
	writeTest(t, filepath.Join(s.unpackDir(), digest.FromString("x").Encoded(), "half"), "a file")
	findings := diagnose(t, s, artifacts.FindingLeftover)
	if mended, err := s.Mend(t.Context(), findings, nil); err != nil || len(mended) != 1 || mended[0].Bytes != 6 {
		t.Errorf("%+v, %v", mended, err)
	}
	diagnose(t, s)
}

func checkWhole(t *testing.T, s *Store, m *artifacts.Model) {
	t.Helper()
	if damaged, err := s.Check(t.Context(), m, true); err != nil || len(damaged) > 0 {
		t.Errorf("damaged: %+v, %v", damaged, err)
	}
	diagnose(t, s)
}
