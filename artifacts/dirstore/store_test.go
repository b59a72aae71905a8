package dirstore

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// testStore opens a store in a new folder, in which downloads are given up at once.
func testStore(t testing.TB) *Store {
	t.Helper()
	return openStore(t, filepath.Join(t.TempDir(), "share", "paddock"))
}

func openStore(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(&Options{Dir: dir, Stale: -1})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// watched is a store whose every landing is read back by containers/image, and which can be broken.
type watched struct {
	*Store
	t *testing.T
}

func (w watched) Land(ctx context.Context, plan *artifacts.Plan, opts *artifacts.LandOptions) (*artifacts.Model, error) {
	m, err := w.Store.Land(ctx, plan, opts)
	if err == nil {
		readBack(w.t, w.Store, m)
	}
	return m, err
}

func (w watched) Break(t *testing.T) {
	if err := os.RemoveAll(w.models); err != nil {
		t.Fatal(err)
	}
	writeTest(t, w.models, "no folder")
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) artifacts.Store { return watched{testStore(t), t} })
}

func TestOpenRefuses(t *testing.T) {
	for _, opts := range []*Options{nil, {}, {Dir: "relative/path"}} {
		if s, err := Open(opts); err == nil {
			t.Errorf("%+v: opened %s", opts, s.Root())
		}
	}
}

func TestReadingCreatesNothing(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, filepath.Join(dir, "paddock"))
	if models, err := s.List(t.Context()); err != nil || len(models) != 0 {
		t.Errorf("List: %v, %v", models, err)
	}
	if _, err := s.Find(t.Context(), testName); err == nil {
		t.Error("Find: no error")
	}
	if err := s.Remove(t.Context(), testName); err == nil {
		t.Error("Remove: no error")
	}
	if err := s.Tag(t.Context(), &artifacts.Model{Digest: emptyDigest}, storetest.ParseName(t, testName)); err == nil {
		t.Error("Tag: no error")
	}
	diagnose(t, s)
	if _, err := s.Mend(t.Context(), nil, nil); err != nil {
		t.Errorf("Mend: %v", err)
	}
	if _, err := s.Usage(t.Context(), nil); err != nil {
		t.Errorf("Usage: %v", err)
	}
	if _, err := s.Prune(t.Context(), nil); err != nil {
		t.Errorf("Prune: %v", err)
	}
	if err := s.Discard(t.Context(), nil); err != nil {
		t.Errorf("Discard: %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("created %v, %v", entries, err)
	}
}

// TestLinkedRoot: one store under two names has one lock, also before it exists.
func TestLinkedRoot(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if a, b := openStore(t, filepath.Join(dir, "x")), openStore(t, filepath.Join(link, "x")); a.Root() != b.Root() {
		t.Errorf("%s and %s", a.Root(), b.Root())
	}
}

// TestFiles: what lies in a new store, readable by everybody although the umask forbids it.
func TestFiles(t *testing.T) {
	s := testStore(t)
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	o := testOrigin(t, "weights")
	land(t, s, o)
	top := "models/quay.io+org+m"
	want := map[string]os.FileMode{
		".": os.ModeDir | 0o755, "lock": 0o600, "staging": os.ModeDir | 0o700, "tmp": os.ModeDir | 0o755,
		"models": os.ModeDir | 0o755, top: os.ModeDir | 0o755, top + "/1": os.ModeDir | 0o755,
		top + "/1/version": 0o644, top + "/1/manifest.json": 0o644, top + "/1/manifest.digest": 0o644,
		top + "/1/" + o.Plan.Blobs[0].Digest.Encoded(): 0o644, top + "/1/" + o.Plan.Blobs[1].Digest.Encoded(): 0o644,
	}
	err := filepath.WalkDir(s.root, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(s.root, path)
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode() != want[name] {
			t.Errorf("%s has mode %v, want %v", name, info.Mode(), want[name])
		}
		delete(want, name)
		return err
	})
	if err != nil || len(want) > 0 {
		t.Errorf("missing %v, %v", want, err)
	}
}

const (
	testName    = "quay.io/org/m:1"
	emptyDigest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
)

func testOrigin(t testing.TB, content string) *storetest.Origin {
	t.Helper()
	return storetest.NewOrigin(t, testName, map[string]string{"m.gguf": content})
}

func land(t testing.TB, s *Store, o *storetest.Origin) *artifacts.Model {
	t.Helper()
	m, err := s.Land(t.Context(), o.Plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
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

// overwrite gives a file other bytes without touching the other names that it has.
func overwrite(t testing.TB, path, data string) {
	t.Helper()
	remove(t, path)
	writeTest(t, path, data)
}

func remove(t testing.TB, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}
