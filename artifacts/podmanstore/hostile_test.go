package podmanstore

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/derive"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// TestHostileArchive: what may not be unpacked is not landed either, and what had the name keeps it.
func TestHostileArchive(t *testing.T) {
	bomb := zip(t, makeTar(t, map[string]string{"good": "", "zeros": string(make([]byte, 65<<20))}))
	layer := func(mediaType string, data []byte) packed {
		return packed{configType: packPrefix + "config.v1+json", config: "{}", layers: []packedLayer{
			{packPrefix + mediaType, data, map[string]string{pathKey: "label"}},
		}}
	}
	// the config of a ModelKit is what names its files
	kit := packed{configType: "application/vnd.kitops.modelkit.config.v1+json", config: `{"model":{"path":"../../x.gguf"}}`,
		layers: []packedLayer{{"application/vnd.kitops.modelkit.model.v1.raw", []byte("weights"), nil}}}
	plain := makeTar(t, map[string]string{"m.gguf": "weights"})
	lie := orasFolder(t)
	lie.layers[1].annotations["io.deis.oras.content.digest"] = digest.FromString("other").String()
	for _, c := range []struct {
		what   string
		packed packed
		is     error
		words  string
	}{
		{"outside", layer("weight.v1.tar", makeTar(t, map[string]string{"good": "1", "../x": "2"})), packaging.ErrUnsafePath, `entry "../x"`},
		{"file in a file", layer("weight.v1.tar", makeTar(t, map[string]string{"a": "1", "a/b": "2"})), packaging.ErrUnsafePath, `entry "a/b"`},
		{"bomb", layer("weight.v1.tar+gzip", bomb), artifacts.ErrVerification, `entry "zeros"`},
		{"no archive", layer("weight.v1.tar+zstd", plain), artifacts.ErrVerification, "no sound tar+zstd archive"},
		{"a Kitfile", kit, packaging.ErrUnsafePath, `"../../x.gguf" has a ".." element`},
		{"another digest", lie, artifacts.ErrVerification, "as its publisher says"},
	} {
		s := testStore(t)
		before, err := s.Land(t.Context(), testOrigin(t, "before").Plan, nil)
		if err != nil {
			t.Fatal(err)
		}
		blobs := len(blobNames(t, s))
		o := c.packed.origin(t, testName)
		_, err = s.Land(t.Context(), o.Plan, nil)
		if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.words) || !strings.Contains(err.Error(), "layer ") {
			t.Errorf("%s: %v", c.what, err)
		}
		if n := len(blobNames(t, s)); n != blobs {
			t.Errorf("%s: %d blobs, %d before", c.what, n, blobs)
		}
		nothingStaged(t, s)
		checkSeen(t, s, before)
	}
}

// TestKilledWhileUnpacking: the folder is found, unless somebody works in it; the next landing empties it.
func TestKilledWhileUnpacking(t *testing.T) {
	s := testStore(t)
	o := tarred(t).origin(t, testName)
	space, err := derive.OpenWorkspace(t.Context(), s.unpackDir(), o.Plan.Digest, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(s.root, 0o700); err != nil {
		t.Fatal(err)
	}
	writeTest(t, filepath.Join(space.Dir, "half"), "a file")
	diagnose(t, s, nil)
	if err := space.Close(); err != nil {
		t.Fatal(err)
	}
	writeTest(t, filepath.Join(space.Dir, "half"), "a file") // as a killed process leaves it
	findings := diagnose(t, s, []artifacts.FindingKind{artifacts.FindingLeftover})
	if findings[0].Bytes != int64(len("a file")) || findings[0].Path != space.Dir {
		t.Errorf("%+v", findings)
	}
	mend(t, s, findings)
	nothingStaged(t, s)

	if space, err = derive.OpenWorkspace(t.Context(), s.unpackDir(), o.Plan.Digest, nil); err != nil {
		t.Fatal(err)
	}
	if err := space.Close(); err != nil {
		t.Fatal(err)
	}
	writeTest(t, filepath.Join(space.Dir, "half"), "a file")
	if _, err := s.Land(t.Context(), o.Plan, nil); err != nil {
		t.Fatal(err)
	}
	nothingStaged(t, s)
}

// TestWaitForWorkspace: who waits for another says so, and can be stopped; the fetched bytes are kept.
func TestWaitForWorkspace(t *testing.T) {
	s := testStore(t)
	o := tarred(t).origin(t, testName)
	space, err := derive.OpenWorkspace(t.Context(), s.unpackDir(), o.Plan.Digest, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var heard bytes.Buffer
	w := &watcher{heard: func(reason string) {
		heard.WriteString(reason)
		if strings.Contains(reason, "unpacks the same model") {
			stop()
		}
	}}
	if _, err := s.Land(ctx, o.Plan, &artifacts.LandOptions{Progress: w}); !errors.Is(err, context.Canceled) {
		t.Fatalf("heard %q, %v", heard.String(), err)
	}
	if err := space.Close(); err != nil {
		t.Fatal(err)
	}
	if m, err := s.Find(t.Context(), testName); !errors.Is(err, artifacts.ErrNotFound) {
		t.Errorf("%+v, %v", m, err)
	}
	read := o.Read()
	m, err := openStore(t, filepath.Dir(s.root)).Land(t.Context(), o.Plan, nil)
	if err != nil || o.Read() != read {
		t.Fatalf("%v, %d bytes after %d", err, o.Read(), read)
	}
	mounted(t, s, m)
}

// TestTakeAwaySparesUsed: a folder that came to be used since it was found stays where it is.
func TestTakeAwaySparesUsed(t *testing.T) {
	s := testStore(t)
	space, err := derive.OpenWorkspace(t.Context(), s.unpackDir(), digest.FromString("origin"), nil)
	if err != nil {
		t.Fatal(err)
	}
	writeTest(t, filepath.Join(space.Dir, "half"), "a file")
	if taken, err := s.takeAway(space.Dir); taken || err != nil {
		t.Errorf("in use: %v, %v", taken, err)
	}
	if _, err := os.Stat(filepath.Join(space.Dir, "half")); err != nil {
		t.Error(err)
	}
	if err := space.Close(); err != nil {
		t.Fatal(err)
	}
	writeTest(t, filepath.Join(space.Dir, "half"), "a file")
	if taken, err := s.takeAway(space.Dir); !taken || err != nil {
		t.Errorf("left: %v, %v", taken, err)
	}
	if err := s.emptyTrash(); err != nil {
		t.Error(err)
	}
	nothingStaged(t, s)
}

// TestDoctorBlamesTheOrigin: what is damaged is named as a person can repair it; without its origin there is nothing to
// repair.
func TestDoctorBlamesTheOrigin(t *testing.T) {
	s := testStore(t)
	m := landPacked(t, s, tarred(t), testName)
	remove(t, s.testPath(t, m.Packaging.First(packaging.Weights).Digest))
	f := diagnose(t, s, []artifacts.FindingKind{artifacts.FindingNotUnpacked})[0]
	if f.Name != testName || f.Digest != m.Digest || !strings.Contains(f.Detail, "unpacked files, blob sha256:") || !f.Mendable {
		t.Errorf("got %+v", f)
	}
	if err := openPodman(t, s).remove(t.Context(), testName); err != nil {
		t.Fatal(err)
	}
	diagnose(t, s, []artifacts.FindingKind{artifacts.FindingNoOrigin})
}
