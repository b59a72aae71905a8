package podmanstore

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/staging"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// testStore opens a store in a new GraphRoot, in which the grace periods are over at once.
func testStore(t testing.TB) *Store {
	t.Helper()
	return openStore(t, t.TempDir())
}

func openStore(t testing.TB, graphRoot string) *Store {
	t.Helper()
	s, err := Open(&Options{GraphRoot: graphRoot, Grace: -1, Stale: -1})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// breakable is a store whose index can be torn.
type breakable struct{ *Store }

func (b breakable) Break(t *testing.T) { writeTest(t, b.indexPath(), `{"schemaVersion":2,"manif`) }

func (s *Store) indexPath() string { return filepath.Join(s.root, "index.json") }

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) artifacts.Store { return breakable{testStore(t)} })
}

// TestStoreLinked has artifacts/ on another mount, as far as the store can tell: the work folders are inside.
func TestStoreLinked(t *testing.T) {
	storetest.Run(t, func(t *testing.T) artifacts.Store {
		s := testStore(t)
		s.work = workDirs{filepath.Join(s.root, ".paddock-staging"), filepath.Join(s.root, ".paddock-trash")}
		s.area = staging.Open(s.work.staging)
		return breakable{s}
	})
}

func TestOpenRefuses(t *testing.T) {
	for _, opts := range []*Options{nil, {}, {GraphRoot: "relative/path"}} {
		if s, err := Open(opts); err == nil {
			t.Errorf("%+v: opened %s", opts, s.Root())
		}
	}
}

// TestReadingCreatesNothing: a machine where Podman never made a store.
func TestReadingCreatesNothing(t *testing.T) {
	root := t.TempDir()
	s := openStore(t, root)
	if models, err := s.List(t.Context()); err != nil || len(models) != 0 {
		t.Errorf("List: %v, %v", models, err)
	}
	if _, err := s.Find(t.Context(), "quay.io/org/m"); err == nil {
		t.Error("Find: no error")
	}
	if err := s.Remove(t.Context(), "quay.io/org/m"); err == nil {
		t.Error("Remove: no error")
	}
	name := storetest.ParseName(t, "quay.io/org/m:1")
	if err := s.Tag(t.Context(), &artifacts.Model{Digest: emptyDigest}, name); err == nil {
		t.Error("Tag: no error")
	}
	findings, err := s.Diagnose(t.Context(), nil)
	if err != nil || len(findings) != 0 {
		t.Errorf("Diagnose: %v, %v", findings, err)
	}
	if _, err := s.Mend(t.Context(), findings, nil); err != nil {
		t.Errorf("Mend: %v", err)
	}
	if _, err := s.Usage(t.Context(), nil); err != nil {
		t.Errorf("Usage: %v", err)
	}
	if err := s.Discard(t.Context(), nil); err != nil {
		t.Errorf("Discard: %v", err)
	}
	entries, err := os.ReadDir(root)
	if err != nil || len(entries) != 0 {
		t.Errorf("created %v, %v", entries, err)
	}
}

// TestFallback: a link to another mount (/dev/shm) puts the work folders inside artifacts.
func TestFallback(t *testing.T) {
	root := t.TempDir()
	other, err := os.MkdirTemp("/dev/shm", "podmanstore")
	if err != nil {
		t.Skip("no second file system")
	}
	t.Cleanup(func() { os.RemoveAll(other) })
	if err := os.Symlink(other, filepath.Join(root, "artifacts")); err != nil {
		t.Fatal(err)
	}
	s := openStore(t, root)
	if want := filepath.Join(root, "artifacts", ".paddock-staging"); s.StagingDir() != want {
		t.Fatalf("staging in %s, not %s", s.StagingDir(), want)
	}
	o := storetest.NewOrigin(t, "quay.io/org/m:1", map[string]string{"m": "bytes"})
	if _, err := s.Land(t.Context(), o.Plan, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(t.Context(), "quay.io/org/m:1"); err != nil {
		t.Fatal(err)
	}
}

// TestLinkedRoot: one store under two names has one lock, also before it exists.
func TestLinkedRoot(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	a, b := openStore(t, filepath.Join(dir, "x", "y")), openStore(t, filepath.Join(link, "x", "y"))
	if a.Root() != b.Root() {
		t.Errorf("%s and %s", a.Root(), b.Root())
	}
}

// TestFiles: what lies in a new store, with which modes.
func TestFiles(t *testing.T) {
	s := testStore(t)
	o := storetest.NewOrigin(t, "quay.io/org/m:1", map[string]string{"m": "bytes"})
	if _, err := s.Land(t.Context(), o.Plan, nil); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{
		"": os.ModeDir | 0o700, "blobs": os.ModeDir | 0o755, "blobs/sha256": os.ModeDir | 0o755,
		"oci-layout": 0o644, "index.json": 0o644, "index.lock": 0o644,
		"blobs/sha256/" + o.Plan.Digest.Encoded():          0o644,
		"blobs/sha256/" + o.Plan.Blobs[1].Digest.Encoded(): 0o644,
	} {
		info, err := os.Stat(filepath.Join(s.root, path))
		if err != nil || info.Mode() != mode {
			t.Errorf("%q: %v, %v; want mode %v", path, info, err, mode)
		}
	}
	entries, err := os.ReadDir(s.root)
	if err != nil || len(entries) != 4 {
		t.Errorf("found %v, %v", entries, err)
	}
	staged, err := os.ReadDir(s.StagingDir())
	if err != nil || len(staged) != 0 {
		t.Errorf("left in staging: %v, %v", staged, err)
	}
}

func writeTest(t testing.TB, path, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

const emptyDigest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
