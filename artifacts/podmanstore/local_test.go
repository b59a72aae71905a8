package podmanstore

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/caches"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

const weights = "the weights of a model"

// hubWith returns a Hugging Face cache in which the blob of weights has the text, and the path of that file.
func hubWith(t *testing.T, text string, mode os.FileMode) (*caches.Caches, string) {
	t.Helper()
	home := t.TempDir()
	path := filepath.Join(home, ".cache/huggingface/hub/models--org--m/blobs", digest.FromString(weights).Encoded())
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	writeTest(t, path, text)
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return caches.Open(&caches.Options{Home: home, Root: home}), path
}

// noFetch makes an origin refuse to serve the weights.
func noFetch(o *storetest.Origin) {
	o.Before = func(_ context.Context, d digest.Digest) error {
		if d == digest.FromString(weights) {
			return errors.New("the weights were asked for")
		}
		return nil
	}
}

// TestLocalReuse: what another tool has fetched is verified and used; what is damaged there is downloaded. The other tool's
// file stays as it is.
func TestLocalReuse(t *testing.T) {
	wrong := "the WEIGHTS of a model"
	for _, c := range []struct {
		name, text string
		mode       os.FileMode
		fetched    int64
	}{
		{"whole", weights, 0o644, 0},
		{"private", weights, 0o600, 0},
		{"group-writable", weights, 0o664, 0},
		{"corrupt", wrong, 0o644, int64(len(weights))},
		{"truncated", weights[:5], 0o644, int64(len(weights))},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := testStore(t)
			cache, path := hubWith(t, c.text, c.mode)
			o := storetest.NewOrigin(t, testName, map[string]string{"m.gguf": weights})
			if c.fetched == 0 {
				noFetch(o)
			}
			m, err := s.Land(t.Context(), o.Plan, &artifacts.LandOptions{Local: cache.Find})
			if err != nil {
				t.Fatal(err)
			}
			if damaged, err := s.Check(t.Context(), m, true); err != nil || len(damaged) > 0 {
				t.Errorf("the model: %+v, %v", damaged, err)
			}
			if got := o.ReadOf(weights); got != c.fetched {
				t.Errorf("%d bytes fetched, want %d", got, c.fetched)
			}
			checkFile(t, path, c.text, c.mode)
			checkFile(t, s.testPath(t, digest.FromString(weights)), weights, 0o644)
			if err := s.Remove(t.Context(), testName); err != nil {
				t.Fatal(err)
			}
			checkFile(t, path, c.text, c.mode)
		})
	}
}

func checkFile(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != text {
		t.Errorf("%s: %q, %v", path, got, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != mode {
		t.Errorf("%s: %v, %v", path, info, err)
	}
}

// TestOwnBlobFirst: nobody is asked for a blob that the store has.
func TestOwnBlobFirst(t *testing.T) {
	s := testStore(t)
	if _, err := s.Land(t.Context(), storetest.NewOrigin(t, testName, map[string]string{"m.gguf": weights}).Plan, nil); err != nil {
		t.Fatal(err)
	}
	other := storetest.NewOrigin(t, "quay.io/org/other:1", map[string]string{"n.gguf": weights})
	noFetch(other)
	_, err := s.Land(t.Context(), other.Plan, &artifacts.LandOptions{Local: func(d digest.Digest, _ int64) []string {
		if d == digest.FromString(weights) {
			t.Error("asked for the store's own blob")
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
}

// TestPrune: what an interrupted landing left goes, but for a dry run; what is younger than the age stays.
func TestPrune(t *testing.T) {
	s := testStore(t)
	o := storetest.NewOrigin(t, testName, map[string]string{"m.gguf": weights})
	noFetch(o)
	if _, err := s.Land(t.Context(), o.Plan, &artifacts.LandOptions{Jobs: 1}); err == nil { // one after the other: the config is there then
		t.Fatal("no error")
	}
	dry, err := s.Prune(t.Context(), &artifacts.PruneOptions{DryRun: true})
	if err != nil || len(dry) == 0 {
		t.Fatalf("%+v, %v", dry, err)
	}
	if young, err := s.Prune(t.Context(), &artifacts.PruneOptions{Age: DefaultStale}); err != nil || len(young) > 0 {
		t.Errorf("young: %+v, %v", young, err)
	}
	gone, err := s.Prune(t.Context(), nil)
	if err != nil || len(gone) != len(dry) {
		t.Errorf("%+v, %v, after %+v", gone, err, dry)
	}
	if left, err := os.ReadDir(s.StagingDir()); err != nil || len(left) > 0 {
		t.Errorf("left in staging: %v, %v", left, err)
	}
}
