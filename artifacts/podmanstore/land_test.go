package podmanstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

const testName = "quay.io/org/m:1"

func testOrigin(t testing.TB, content string) *storetest.Origin {
	t.Helper()
	return storetest.NewOrigin(t, testName, map[string]string{"m.gguf": content})
}

// reseal replaces the manifest of a plan, and its digest.
func reseal(p *artifacts.Plan, manifest string) {
	p.Manifest, p.Digest = []byte(manifest), digest.FromString(manifest)
}

func TestLandRefuses(t *testing.T) {
	for _, c := range []struct {
		what  string
		spoil func(*artifacts.Plan)
		err   error // nil: any
		text  string
	}{
		{"image", func(p *artifacts.Plan) { p.Kind = artifacts.KindImage }, artifacts.ErrIsImage, ""},
		{"no name", func(p *artifacts.Plan) { p.Name = artifacts.Name{} }, artifacts.ErrInvalidName, ""},
		{"index by type", func(p *artifacts.Plan) { p.MediaType = "application/vnd.oci.image.index.v1+json" }, nil, "index"},
		{"index by content", func(p *artifacts.Plan) { reseal(p, `{"schemaVersion":2,"manifests":[]}`) }, nil, "index"},
		{"Docker manifest", func(p *artifacts.Plan) { p.MediaType = "application/vnd.docker.distribution.manifest.v2+json" }, nil, "docker"},
		{"wrong digest", func(p *artifacts.Plan) { p.Digest = emptyDigest }, artifacts.ErrVerification, ""},
		{"pins an index", func(p *artifacts.Plan) {
			pin, err := p.Name.Pinned(emptyDigest)
			if err != nil {
				t.Fatal(err)
			}
			p.Name = pin
		}, artifacts.ErrInvalidName, ""},
		{"no manifest", func(p *artifacts.Plan) { reseal(p, "{}") }, nil, ""},
		{"bad date", func(p *artifacts.Plan) {
			reseal(p, strings.TrimSuffix(string(p.Manifest), "}")+`,"annotations":{"org.opencontainers.image.created":"yesterday"}}`)
		}, nil, "yesterday"},
		{"blob without plan", func(p *artifacts.Plan) { p.Blobs = p.Blobs[:1] }, nil, "lacks blob"},
		{"blob without manifest", func(p *artifacts.Plan) {
			p.Blobs = append(p.Blobs, artifacts.Blob{Digest: emptyDigest, Size: 2, Data: []byte("{}")})
		}, nil, "3 blobs"},
		{"other size", func(p *artifacts.Plan) { p.Blobs[1].Size++ }, nil, "bytes"},
	} {
		root := t.TempDir()
		s := openStore(t, root)
		o := testOrigin(t, "bytes")
		c.spoil(o.Plan)
		_, err := s.Land(t.Context(), o.Plan, nil)
		if err == nil || c.err != nil && !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: got %v", c.what, err)
		}
		if entries, err := os.ReadDir(root); err != nil || len(entries) > 0 || o.Read() > 0 {
			t.Errorf("%s: left %v, %v; read %d bytes", c.what, entries, err, o.Read())
		}
	}
}

// TestLandRepairs: what is damaged is replaced, and only that is fetched.
func TestLandRepairs(t *testing.T) {
	for _, c := range []struct {
		what  string
		spoil func(t *testing.T, s *Store, weights, manifest string)
		bytes int64
	}{
		{"blob missing", func(t *testing.T, _ *Store, weights, _ string) { remove(t, weights) }, 7},
		{"blob truncated", func(t *testing.T, _ *Store, weights, _ string) { writeTest(t, weights, "wei") }, 7},
		{"manifest missing", func(t *testing.T, _ *Store, _, manifest string) { remove(t, manifest) }, 0},
		{"manifest torn", func(t *testing.T, _ *Store, _, manifest string) { writeTest(t, manifest, "{") }, 0},
		{"entry missing", func(t *testing.T, s *Store, _, _ string) { remove(t, s.indexPath()) }, 0},
		{"layout missing", func(t *testing.T, s *Store, weights, _ string) {
			remove(t, weights)
			remove(t, filepath.Join(s.root, "oci-layout"))
		}, 7},
	} {
		s := testStore(t)
		m, err := s.Land(t.Context(), testOrigin(t, "weights").Plan, nil)
		if err != nil {
			t.Fatal(err)
		}
		c.spoil(t, s, s.testPath(t, m.Packaging.Files[0].Digest), s.testPath(t, m.Digest))
		again := testOrigin(t, "weights")
		if _, err := s.Land(t.Context(), again.Plan, nil); err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
		if again.Read() != c.bytes {
			t.Errorf("%s: %d bytes fetched, want %d", c.what, again.Read(), c.bytes)
		}
		if damaged, err := s.Check(t.Context(), m, true); err != nil || len(damaged) > 0 {
			t.Errorf("%s: %+v, %v", c.what, damaged, err)
		}
		diagnose(t, s, nil)
		if names := openPodman(t, s).names(t); names[testName] != m.Digest {
			t.Errorf("%s: podman artifact ls: %v", c.what, names)
		}
	}
}

// TestSecondLandingWritesNothing: not even the same again, nor an empty folder for staging.
func TestSecondLandingWritesNothing(t *testing.T) {
	s := testStore(t)
	if _, err := s.Land(t.Context(), testOrigin(t, "weights").Plan, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Dir(s.StagingDir())); err != nil {
		t.Fatal(err)
	}
	snapshot := func() (all []string) {
		err := filepath.WalkDir(filepath.Dir(s.root), func(path string, _ os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			st, err := statFile(path)
			all = append(all, fmt.Sprint(path, st.Ino, st.Mtime, st.Ctime))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	before := snapshot()
	if _, err := s.Land(t.Context(), testOrigin(t, "weights").Plan, nil); err != nil {
		t.Fatal(err)
	}
	if after := snapshot(); !slices.Equal(before, after) {
		t.Errorf("before %v\nafter %v", before, after)
	}
}

// TestCorruptRepaired: bytes of the right length that are wrong are found by Check alone, and repaired after Discard.
func TestCorruptRepaired(t *testing.T) {
	s := testStore(t)
	m, err := s.Land(t.Context(), testOrigin(t, "weights").Plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	path := s.testPath(t, m.Packaging.Files[0].Digest)
	writeTest(t, path, "WEIGHTS")
	if damaged, err := s.Check(t.Context(), m, false); err != nil || len(damaged) > 0 {
		t.Errorf("by size alone: %+v, %v", damaged, err)
	}
	damaged, err := s.Check(t.Context(), m, true)
	if err != nil || len(damaged) != 1 || damaged[0].Digest != m.Packaging.Files[0].Digest {
		t.Fatalf("got %+v, %v", damaged, err)
	}
	if err := s.Discard(t.Context(), damaged); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the damaged blob is still there")
	}
	if _, err := s.Land(t.Context(), testOrigin(t, "weights").Plan, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Discard(t.Context(), damaged); err != nil {
		t.Fatal(err)
	}
	if damaged, err := s.Check(t.Context(), m, true); err != nil || len(damaged) > 0 {
		t.Errorf("a blob that was repaired was discarded: %+v, %v", damaged, err)
	}
}

// TestStagedBlobLost: the staging area loses a blob before the commit. It is fetched again.
func TestStagedBlobLost(t *testing.T) {
	s := testStore(t)
	_, release := holdInChild(t, s)
	defer release()
	o := testOrigin(t, "weights")
	lost := false
	w := &watcher{heard: func(reason string) {
		if reason == "" || lost {
			return
		}
		lost = true
		if err := os.Remove(filepath.Join(s.StagingDir(), o.Plan.Blobs[1].Digest.Encoded())); err != nil {
			t.Error(err)
		}
		release()
	}}
	m, err := s.Land(t.Context(), o.Plan, &artifacts.LandOptions{Progress: w})
	if err != nil || !lost {
		t.Fatalf("lost %v, %v", lost, err)
	}
	if weights, config := o.ReadOf("weights"), o.ReadOf(storetest.Config); weights != 2*7 || config != int64(len(storetest.Config)) {
		t.Errorf("%d bytes of the weights fetched, %d of the config", weights, config)
	}
	if left, err := os.ReadDir(s.StagingDir()); err != nil || len(left) > 0 {
		t.Errorf("left in staging: %v, %v", left, err)
	}
	if damaged, err := s.Check(t.Context(), m, true); err != nil || len(damaged) > 0 {
		t.Errorf("%+v, %v", damaged, err)
	}
}

// TestCommitUndone: a commit that cannot write the index takes back the blobs.
func TestCommitUndone(t *testing.T) {
	s := testStore(t)
	if err := os.MkdirAll(filepath.Join(s.indexPath(), "a folder in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	o := testOrigin(t, "weights")
	desc := descriptor{MediaType: o.Plan.MediaType, Digest: o.Plan.Digest, Size: int64(len(o.Plan.Manifest))}
	if _, err := s.land(t.Context(), o.Plan, desc, &artifacts.LandOptions{}, true); err == nil {
		t.Fatal("no error")
	}
	if files := blobNames(t, s); len(files) > 0 {
		t.Errorf("left %v", files)
	}
}

// TestRemovalDuringLanding: the blob that a landing counts on is removed with its only model; the pin saves it.
func TestRemovalDuringLanding(t *testing.T) {
	s := testStore(t)
	if _, err := s.Land(t.Context(), testOrigin(t, "weights").Plan, nil); err != nil {
		t.Fatal(err)
	}
	o := storetest.NewOrigin(t, "quay.io/org/other:1", map[string]string{"m.gguf": "weights", "z": "more"})
	removed := false
	o.Before = func(ctx context.Context, d digest.Digest) error {
		if removed || d != digest.FromString("more") {
			return nil
		}
		removed = true
		return s.Remove(ctx, testName)
	}
	m, err := s.Land(t.Context(), o.Plan, &artifacts.LandOptions{Jobs: 1})
	if err != nil || !removed {
		t.Fatalf("removed %v, %v", removed, err)
	}
	if damaged, err := s.Check(t.Context(), m, true); err != nil || len(damaged) > 0 {
		t.Errorf("%+v, %v", damaged, err)
	}
}
