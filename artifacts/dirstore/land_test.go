package dirstore

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
	"golang.org/x/sys/unix"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

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
		{"no name", func(p *artifacts.Plan) { p.Name = artifacts.Name{} }, artifacts.ErrInvalidName, ""},
		{"index", func(p *artifacts.Plan) { reseal(p, `{"schemaVersion":2,"manifests":[]}`) }, nil, "index"},
		{"wrong digest", func(p *artifacts.Plan) { p.Digest = emptyDigest }, artifacts.ErrVerification, ""},
		{"pins another", func(p *artifacts.Plan) { p.Name = storetest.ParseName(t, "quay.io/org/m@"+emptyDigest) }, artifacts.ErrInvalidName, ""},
		{"no JSON", func(p *artifacts.Plan) { reseal(p, "{") }, nil, ""},
		{"too long", func(p *artifacts.Plan) { reseal(p, string(p.Manifest)+strings.Repeat(" ", 4<<20)) }, nil, "bytes"},
		{"digest with a path", func(p *artifacts.Plan) { reseal(p, `{"layers":[{"digest":"sha256:../../x","size":1}]}`) }, nil, "../../x"},
		{"blob without plan", func(p *artifacts.Plan) { p.Blobs = p.Blobs[:1] }, nil, "lacks blob"},
		{"other size", func(p *artifacts.Plan) { p.Blobs[1].Size++ }, nil, "bytes"},
	} {
		dir := t.TempDir()
		s := openStore(t, filepath.Join(dir, "paddock"))
		o := testOrigin(t, "bytes")
		c.spoil(o.Plan)
		_, err := s.Land(t.Context(), o.Plan, nil)
		if err == nil || c.err != nil && !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: got %v", c.what, err)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 || o.Read() > 0 {
			t.Errorf("%s: left %v, %v; read %d bytes", c.what, entries, err, o.Read())
		}
	}
}

// TestLandRepairs: what is damaged is replaced, and only that is fetched.
func TestLandRepairs(t *testing.T) {
	for _, c := range []struct {
		what  string
		spoil func(t *testing.T, dir, weights string)
		bytes int64
	}{
		{"blob missing", func(t *testing.T, _, weights string) { remove(t, weights) }, 7},
		{"blob truncated", func(t *testing.T, _, weights string) { writeTest(t, weights, "wei") }, 7},
		{"manifest missing", func(t *testing.T, dir, _ string) { remove(t, filepath.Join(dir, manifestFile)) }, 0},
		{"manifest torn", func(t *testing.T, dir, _ string) { writeTest(t, filepath.Join(dir, manifestFile), "{") }, 0},
		{"record torn", func(t *testing.T, dir, _ string) { writeTest(t, filepath.Join(dir, recordFile), "sha256:12") }, 0},
		{"version torn", func(t *testing.T, dir, _ string) { writeTest(t, filepath.Join(dir, versionFile), "") }, 0},
		{"version missing", func(t *testing.T, dir, _ string) { remove(t, filepath.Join(dir, versionFile)) }, 0},
		{"a file in its place", func(t *testing.T, dir, _ string) {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			writeTest(t, dir, "no folder")
		}, 7 + int64(len(storetest.Config))},
	} {
		s := testStore(t)
		m := land(t, s, testOrigin(t, "weights"))
		weights := m.Mount.(artifacts.BindMount).Files["m.gguf"]
		c.spoil(t, filepath.Dir(weights), weights)
		again := testOrigin(t, "weights")
		readBack(t, s, land(t, s, again))
		if again.Read() != c.bytes {
			t.Errorf("%s: %d bytes fetched, want %d", c.what, again.Read(), c.bytes)
		}
		diagnose(t, s)
	}
}

// TestSecondLandingWritesNothing: not even the same again.
func TestSecondLandingWritesNothing(t *testing.T) {
	s := testStore(t)
	land(t, s, testOrigin(t, "weights"))
	snapshot := func() (all []string) {
		err := filepath.WalkDir(s.root, func(path string, _ os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			var st unix.Stat_t
			err = unix.Lstat(path, &st)
			all = append(all, fmt.Sprint(path, st.Ino, st.Mtim, st.Ctim))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	before := snapshot()
	land(t, s, testOrigin(t, "weights"))
	if after := snapshot(); !slices.Equal(before, after) {
		t.Errorf("before %v\nafter %v", before, after)
	}
}

// TestCorruptRepaired: wrong bytes of the right length, which all names of a blob have, are repaired for all of them.
func TestCorruptRepaired(t *testing.T) {
	s := testStore(t)
	m := land(t, s, testOrigin(t, "weights"))
	pin, err := storetest.ParseName(t, testName).Pinned(m.Digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Tag(t.Context(), m, pin); err != nil {
		t.Fatal(err)
	}
	other := land(t, s, storetest.NewOrigin(t, "quay.io/org/other:1", map[string]string{"a": "weights", "b": "more"}))
	writeTest(t, m.Mount.(artifacts.BindMount).Files["m.gguf"], "WEIGHTS")
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
	diagnose(t, s, artifacts.FindingDamaged, artifacts.FindingDamaged, artifacts.FindingDamaged)
	again := testOrigin(t, "weights")
	if land(t, s, again); again.ReadOf("weights") != 7 {
		t.Errorf("%d bytes fetched", again.ReadOf("weights"))
	}
	if err := s.Discard(t.Context(), damaged); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{m.Name, pin.String(), other.Name} {
		found, err := s.Find(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		readBack(t, s, found)
	}
	diagnose(t, s)
}

// TestCommitUndone: a commit that cannot place its layout leaves nothing.
func TestCommitUndone(t *testing.T) {
	s := testStore(t)
	land(t, s, storetest.NewOrigin(t, "quay.io/org/good:1", map[string]string{"g": "good"}))
	inTheWay := filepath.Join(s.models, "quay.io+org+m")
	writeTest(t, inTheWay, "a file in the way")
	if _, err := s.Land(t.Context(), testOrigin(t, "weights").Plan, nil); err == nil {
		t.Fatal("no error")
	}
	diagnose(t, s, artifacts.FindingBadEntry)
	remove(t, inTheWay)
	again := testOrigin(t, "weights")
	if readBack(t, s, land(t, s, again)); again.Read() != 0 {
		t.Errorf("%d bytes fetched again", again.Read())
	}
}

// TestRemovalDuringLanding: the blob that a landing counts on is removed with its only model; the pin in staging saves it.
func TestRemovalDuringLanding(t *testing.T) {
	s := testStore(t)
	land(t, s, testOrigin(t, "weights"))
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
	readBack(t, s, m)
}

// TestLocal: a file of another tool saves the download, after it was verified.
func TestLocal(t *testing.T) {
	s := testStore(t)
	right, wrong := filepath.Join(t.TempDir(), "right"), filepath.Join(t.TempDir(), "wrong")
	writeTest(t, right, "weights")
	writeTest(t, wrong, "WEIGHTS")
	o := testOrigin(t, "weights")
	m, err := s.Land(t.Context(), o.Plan, &artifacts.LandOptions{Local: func(digest.Digest, int64) []string { return []string{wrong, right} }})
	if err != nil || o.ReadOf("weights") != 0 {
		t.Fatalf("%d bytes read, %v", o.ReadOf("weights"), err)
	}
	readBack(t, s, m)
}

// TestReplace: while a tag moves to and fro, somebody who takes no lock always finds a whole layout under its name.
func TestReplace(t *testing.T) {
	s := testStore(t)
	versions := []*storetest.Origin{testOrigin(t, "old weights"), testOrigin(t, "new weights")}
	m := land(t, s, versions[0])
	manifest := filepath.Join(filepath.Dir(m.Mount.(artifacts.BindMount).Files["m.gguf"]), manifestFile)
	done := make(chan struct{})
	looked := make(chan int)
	go func() {
		n := 0
		for ; ; n++ {
			select {
			case <-done:
				looked <- n
				return
			default:
			}
			raw, err := os.ReadFile(manifest)
			if d := digest.FromBytes(raw); err != nil || d != versions[0].Plan.Digest && d != versions[1].Plan.Digest {
				t.Errorf("found %q, %v", raw, err)
			}
		}
	}()
	for i := range 40 {
		land(t, s, versions[(i+1)%2])
	}
	close(done)
	if n := <-looked; n == 0 {
		t.Error("nobody looked")
	}
	diagnose(t, s)
}
