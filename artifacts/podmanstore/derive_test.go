package podmanstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/opencontainers/go-digest"
	"go.podman.io/common/pkg/libartifact"
	libtypes "go.podman.io/common/pkg/libartifact/types"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

func landPacked(t *testing.T, s *Store, p packed, name string) *artifacts.Model {
	t.Helper()
	m, err := s.Land(t.Context(), p.origin(t, name).Plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestDerived lands models that Podman cannot mount file by file, and mounts them so with Podman's own code.
func TestDerived(t *testing.T) {
	for _, c := range []struct {
		what   string
		packed packed
		format packaging.Format
		main   string
		files  map[string]string // path: role and content
	}{
		{"modelpack", tarred(t), packaging.ModelPack, "q4/m.gguf", map[string]string{
			"q4/m.gguf": "weights: weights", "config.json": "config: shared", "sub/tokenizer.json": "tokenizer: tokens", "README.md": "doc: shared",
		}},
		{"modelkit", kit(t), packaging.ModelKit, "m.gguf", map[string]string{
			"m.gguf": "weights: weights", "parts/vision.gguf": "projector: sees", "doc/LICENSE": "license: free",
		}},
		{"oras", orasFolder(t), packaging.Artifact, "sub", map[string]string{
			"README.md": "doc: about", "sub/model.safetensors": "weights: tensors", "sub/config.json": "config: {}",
		}},
		{"repeated", repeated(t), packaging.ModelPack, "m.gguf", map[string]string{
			"m.gguf": "weights: weights", "a/config.json": "config: {}", "b/tokenizer_config.json": "tokenizer: {}",
		}},
		{"nameless", nameless(t), packaging.Unknown, "m.gguf", map[string]string{"m.gguf": "weights: weights"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := testStore(t)
			m := landPacked(t, s, c.packed, testName)
			if m.Packaging.Format != c.format || m.Packaging.Main != c.main || m.Packaging.Unservable != nil {
				t.Errorf("%s, main %q, %v", m.Packaging.Format, m.Packaging.Main, m.Packaging.Unservable)
			}
			if got := mounted(t, s, m); !reflect.DeepEqual(got, c.files) {
				t.Errorf("files %q, want %q", got, c.files)
			}
			checkSeen(t, s, m)
			again := c.packed.origin(t, testName)
			second, err := s.Land(t.Context(), again.Plan, nil)
			if err != nil || again.Read() != 0 || !reflect.DeepEqual(second, m) {
				t.Errorf("landed again: %+v, %v, %d bytes", second, err, again.Read())
			}
			if err := s.Remove(t.Context(), testName); err != nil {
				t.Error(err)
			}
			if left := blobNames(t, s); len(left) > 0 {
				t.Errorf("left %v", left)
			}
			nothingStaged(t, s)
		})
	}
}

// checkSeen: every way to the model leads to the same, and nothing else is seen.
func checkSeen(t *testing.T, s *Store, m *artifacts.Model) {
	t.Helper()
	for _, query := range []string{m.Name, m.Digest.String(), m.Digest.Encoded()[:12]} {
		if found, err := s.Find(t.Context(), query); err != nil || !reflect.DeepEqual(found, m) {
			t.Errorf("%s: found %+v, %v; want %+v", query, found, err, m)
		}
	}
	if list, err := s.List(t.Context()); err != nil || len(list) != 1 || !reflect.DeepEqual(list[0], m) {
		t.Errorf("listed %+v, %v", list, err)
	}
	if damaged, err := s.Check(t.Context(), m, true); err != nil || len(damaged) > 0 {
		t.Errorf("damaged: %+v, %v", damaged, err)
	}
	diagnose(t, s, nil)
}

// mounted mounts every file by digest, as Podman does for --mount type=artifact,digest=.
func mounted(t *testing.T, s *Store, m *artifacts.Model) map[string]string {
	t.Helper()
	source := m.Mount.(artifacts.ArtifactMount).Source
	if source != derivedName(m.Digest) {
		t.Errorf("mounted from %s", source)
	}
	ref, err := libartifact.NewArtifactStorageReference(source)
	if err != nil {
		t.Fatal(err)
	}
	p := openPodman(t, s)
	files := map[string]string{}
	for _, f := range m.Packaging.Files {
		opts := &libtypes.BlobMountPathOptions{FilterBlobOptions: libtypes.FilterBlobOptions{Digest: f.Digest.String()}}
		paths, err := p.store.BlobMountPaths(t.Context(), ref, opts)
		if err != nil || len(paths) != 1 || f.Repeated {
			t.Fatalf("mounting %s: %v, %v", f.Path, paths, err)
		}
		data, err := os.ReadFile(paths[0].SourcePath)
		if err != nil || digest.FromBytes(data) != f.Digest {
			t.Fatalf("%s: %q, %v", f.Path, data, err)
		}
		if info, err := os.Stat(paths[0].SourcePath); err != nil || info.Mode() != 0o644 {
			t.Errorf("%s: %v, %v", f.Path, info.Mode(), err)
		}
		files[f.Path] = string(f.Role) + ": " + string(data)
	}
	if names := p.names(t); len(names) != 2 {
		t.Errorf("podman artifact ls: %v", names)
	}
	return files
}

// nothingStaged: no file is left in the work folders.
func nothingStaged(t *testing.T, s *Store) {
	t.Helper()
	err := filepath.WalkDir(filepath.Dir(s.work.staging), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && !d.IsDir() || filepath.Dir(path) == s.unpackDir() {
			t.Errorf("left %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestDerivedIsReproducible: on another machine, and under another tag.
func TestDerivedIsReproducible(t *testing.T) {
	var first digest.Digest
	for _, name := range []string{"quay.io/org/m:1", "quay.io/org/m:2"} {
		s := testStore(t)
		m := landPacked(t, s, tarred(t), name)
		d := openPodman(t, s).names(t)[derivedName(m.Digest)]
		if first == "" {
			first = d
		}
		if d == "" || d != first {
			t.Errorf("derived %s, then %s", first, d)
		}
	}
}

// TestDerivedGoesWithItsOrigin: with the last name, be it removed or moved to another manifest.
func TestDerivedGoesWithItsOrigin(t *testing.T) {
	const other = "quay.io/org/other:1"
	last := map[string]func(*testing.T, *Store){
		"removed": func(t *testing.T, s *Store) {
			if err := s.Remove(t.Context(), other); err != nil {
				t.Fatal(err)
			}
		},
		"moved": func(t *testing.T, s *Store) {
			o := storetest.NewOrigin(t, other, map[string]string{"m.gguf": "new"})
			if _, err := s.Land(t.Context(), o.Plan, nil); err != nil {
				t.Fatal(err)
			}
		},
		"tagged away": func(t *testing.T, s *Store) {
			o := storetest.NewOrigin(t, "quay.io/org/third:1", map[string]string{"m.gguf": "new"})
			m, err := s.Land(t.Context(), o.Plan, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Tag(t.Context(), m, storetest.ParseName(t, other)); err != nil {
				t.Fatal(err)
			}
		},
	}
	for what, lose := range last {
		s := testStore(t)
		m := landPacked(t, s, tarred(t), testName)
		if err := s.Tag(t.Context(), m, storetest.ParseName(t, other)); err != nil {
			t.Fatal(err)
		}
		if err := s.Remove(t.Context(), testName); err != nil {
			t.Fatal(err)
		}
		m, err := s.Find(t.Context(), other)
		if err != nil || m.Packaging.Unservable != nil {
			t.Fatalf("%s: %+v, %v", what, m, err)
		}
		mounted(t, s, m)
		lose(t, s)
		for name := range openPodman(t, s).names(t) {
			if strings.HasPrefix(name, derivedRepository) {
				t.Errorf("%s: %s is still there", what, name)
			}
		}
		diagnose(t, s, nil)
	}
}

// TestDerivedIsRepaired: whatever becomes of the derived artifact, Check says so, and a landing without a byte from the origin
// mends it.
func TestDerivedIsRepaired(t *testing.T) {
	for what, spoil := range map[string]func(*testing.T, *Store, *artifacts.Model){
		"removed with Podman": func(t *testing.T, s *Store, m *artifacts.Model) {
			if err := openPodman(t, s).remove(t.Context(), derivedName(m.Digest)); err != nil {
				t.Fatal(err)
			}
		},
		"a file is missing": func(t *testing.T, s *Store, m *artifacts.Model) {
			remove(t, s.testPath(t, m.Packaging.First(packaging.Weights).Digest))
		},
		"a file has other bytes": func(t *testing.T, s *Store, m *artifacts.Model) {
			writeTest(t, s.testPath(t, m.Packaging.First(packaging.Weights).Digest), "WEIGHTS")
		},
		"the manifest is torn": func(t *testing.T, s *Store, m *artifacts.Model) {
			writeTest(t, s.testPath(t, openPodman(t, s).names(t)[derivedName(m.Digest)]), "{")
		},
	} {
		s := testStore(t)
		m := landPacked(t, s, tarred(t), testName)
		spoil(t, s, m)
		damaged, err := s.Check(t.Context(), m, true)
		if err != nil || len(damaged) == 0 {
			t.Errorf("%s: %+v, %v", what, damaged, err)
		}
		if err := s.Discard(t.Context(), damaged); err != nil {
			t.Error(err)
		}
		o := tarred(t).origin(t, testName)
		if repaired, err := s.Land(t.Context(), o.Plan, nil); err != nil || o.Read() != 0 || !reflect.DeepEqual(repaired, m) {
			t.Errorf("%s: %+v, %v, %d bytes", what, repaired, err, o.Read())
		}
		checkSeen(t, s, m)
	}
}

// TestPulledByPodman: it is not unpacked, and says so, until it is landed.
func TestPulledByPodman(t *testing.T) {
	s := testStore(t)
	o := tarred(t).origin(t, testName)
	source := t.TempDir()
	var contents []string
	for _, l := range tarred(t).layers {
		contents = append(contents, string(l.data))
	}
	if err := writeLayout(source, o, append(contents, "{}")...); err != nil {
		t.Fatal(err)
	}
	if _, err := openPodman(t, s).pull(t.Context(), testName, source); err != nil {
		t.Fatal(err)
	}
	m, err := s.Find(t.Context(), testName)
	if err != nil || !errors.Is(m.Packaging.Unservable, packaging.ErrUnservable) {
		t.Fatalf("%+v, %v", m, err)
	}
	if damaged, err := s.Check(t.Context(), m, false); err != nil || len(damaged) != 1 || damaged[0].Problem != "is not unpacked" {
		t.Errorf("%+v, %v", damaged, err)
	}
	m, err = s.Land(t.Context(), o.Plan, nil)
	if err != nil || o.Read() != 0 {
		t.Fatalf("%v, %d bytes", err, o.Read())
	}
	mounted(t, s, m)
	checkSeen(t, s, m)
}

// TestOriginRemovedByPodman leaves the derived artifact, which doctor finds, and any change of the store drops.
func TestOriginRemovedByPodman(t *testing.T) {
	for _, how := range []string{"doctor", "rm", "pull"} {
		s := testStore(t)
		landPacked(t, s, tarred(t), testName)
		if err := openPodman(t, s).remove(t.Context(), testName); err != nil {
			t.Fatal(err)
		}
		if list, err := s.List(t.Context()); err != nil || len(list) != 0 {
			t.Errorf("listed %+v, %v", list, err)
		}
		findings := diagnose(t, s, []artifacts.FindingKind{artifacts.FindingNoOrigin})
		switch {
		case how == "doctor":
			mend(t, s, findings)
		case how == "rm":
			if err := s.Remove(t.Context(), findings[0].Name); err != nil {
				t.Fatal(err)
			}
		default:
			if _, err := s.Land(t.Context(), testOrigin(t, "other").Plan, nil); err != nil {
				t.Fatal(err)
			}
		}
		diagnose(t, s, nil)
		if names := openPodman(t, s).names(t); how != "pull" && len(names) > 0 || len(names) > 1 {
			t.Errorf("podman artifact ls: %v", names)
		}
	}
}

func TestDerivedConcurrently(t *testing.T) {
	root := t.TempDir()
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		o := tarred(t).origin(t, testName)
		s := openStore(t, root)
		wg.Go(func() { _, errs[i] = s.Land(t.Context(), o.Plan, nil) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	s := openStore(t, root)
	m, err := s.Find(t.Context(), testName)
	if err != nil {
		t.Fatal(err)
	}
	mounted(t, s, m)
	checkSeen(t, s, m)
	nothingStaged(t, s)
}

func TestDerivedNames(t *testing.T) {
	s := testStore(t)
	m := landPacked(t, s, tarred(t), testName)
	derived := openPodman(t, s).names(t)[derivedName(m.Digest)]
	if found, err := s.Find(t.Context(), derived.String()); !errors.Is(err, artifacts.ErrNotFound) {
		t.Errorf("by digest: %+v, %v", found, err)
	}
	found, err := s.Find(t.Context(), derivedName(m.Digest))
	if err != nil || found.Digest != derived || found.Packaging.Unservable != nil {
		t.Errorf("by name: %+v, %v", found, err)
	}
	var belongs *artifacts.BelongsError
	if err := s.Remove(t.Context(), derivedName(m.Digest)); !errors.As(err, &belongs) || belongs.Owner != testName {
		t.Errorf("Remove: %v", err)
	}
	checkSeen(t, s, m) // nothing is lost
	reserved := storetest.ParseName(t, derivedName(m.Digest))
	if err := s.Tag(t.Context(), m, reserved); !errors.Is(err, artifacts.ErrInvalidName) {
		t.Errorf("Tag: %v", err)
	}
	o := storetest.NewOrigin(t, reserved.String(), map[string]string{"m.gguf": "evil"})
	if _, err := s.Land(t.Context(), o.Plan, nil); !errors.Is(err, artifacts.ErrInvalidName) {
		t.Errorf("Land: %v", err)
	}
	checkSeen(t, s, m)
}

func TestDerivedUsage(t *testing.T) {
	s := testStore(t)
	m := landPacked(t, s, tarred(t), testName)
	u, err := s.Usage(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(u.Models) != 1 || u.Models[0].Name != m.Name || u.Models[0].Own != u.Blobs || u.Models[0].Shared != 0 || u.Orphans != 0 {
		t.Errorf("got %+v", u)
	}
}

// TestForgedDerived: an entry by the name of a derived artifact that was derived from something else is not believed.
func TestForgedDerived(t *testing.T) {
	s := testStore(t)
	m := landPacked(t, s, tarred(t), testName)
	forged := landPacked(t, s, packed{configType: packPrefix + "config.v1+json", config: "{}", layers: []packedLayer{
		{packPrefix + "weight.v1.raw", []byte("evil"), map[string]string{pathKey: "q4/m.gguf"}},
	}}, "quay.io/org/evil:1")
	x, err := s.readIndex()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := x.put(derivedName(m.Digest), *x.find(forged.Digest)); err != nil {
		t.Fatal(err)
	}
	if err := s.writeIndex(x); err != nil {
		t.Fatal(err)
	}
	found, err := s.Find(t.Context(), testName)
	if err != nil || found.Packaging.Unservable == nil || slices.ContainsFunc(found.Packaging.Files, func(f packaging.File) bool {
		return f.Digest == digest.FromString("evil")
	}) {
		t.Errorf("%+v, %v", found, err)
	}
}
