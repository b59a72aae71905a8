package imagestore

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sys/unix"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// many writes the records of n images by hand: as many models, or as many images of other things.
func many(b testing.TB, n int, models bool) *Store {
	b.Helper()
	dir := b.TempDir()
	s, err := Open(&Options{Place: Place{GraphRoot: filepath.Join(dir, "graph"), RunRoot: filepath.Join(dir, "run"), Driver: "overlay"}})
	if err != nil {
		b.Fatal(err)
	}
	return fill(b, s, n, models, nil)
}

// modelLabels call an image a model.
func modelLabels() map[string]string {
	return map[string]string{"org.containers.type": "ai.image.model.raw"}
}

func put(b testing.TB, path string, data []byte) {
	b.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		b.Fatal(err)
	}
}

func marshal(b testing.TB, v any) []byte {
	b.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		b.Fatal(err)
	}
	return data
}

func fill(b testing.TB, s *Store, n int, models bool, labels map[string]string) *Store {
	b.Helper()
	var images []image
	var layers []layer
	for i := range n {
		files := map[string]string{"usr/bin/x": fmt.Sprint(i)}
		if models {
			files = map[string]string{"models/m.gguf": fmt.Sprint(i)}
		}
		o := newImage(b, fmt.Sprintf("quay.io/org/m%d:1", i), labels, []testLayer{{files: files}}, nil)
		config := o.Plan.Blobs[0].Digest
		l := layer{ID: digest.FromString(fmt.Sprint("layer", i)).Encoded(), Compressed: o.Plan.Blobs[1].Digest, Diff: "sha256:x"}
		img := image{
			ID: config.Encoded(), Names: []string{o.Plan.Name.String()}, TopLayer: l.ID,
			Digests: map[string]digest.Digest{manifestKey: o.Plan.Digest, config.String(): config},
		}
		put(b, s.imageDir(img.ID, manifestKey), o.Plan.Manifest)
		put(b, s.imageDir(img.ID, bigDataName(config.String())), blobOf(b, o, 0))
		put(b, s.layerDir(l.ID+".tar-split.gz"), tarSplit(b, blobOf(b, o, 1)))
		for p, data := range files {
			put(b, filepath.Join(s.diffDir(l.ID), p), []byte(data))
		}
		images, layers = append(images, img), append(layers, l)
	}
	put(b, s.imageDir("images.json"), marshal(b, images))
	put(b, s.layerDir("layers.json"), marshal(b, layers))
	return s
}

// TestListMany: the records alone tell; nothing is mounted, locked or made.
func TestListMany(t *testing.T) {
	for models, want := range map[bool]int{true: 50, false: 0} {
		s := many(t, 50, models)
		list, err := s.List(t.Context())
		if err != nil || len(list) != want {
			t.Errorf("%d models, want %d: %v", len(list), want, err)
		}
		for _, m := range list {
			if len(m.Packaging.Files) != 1 || m.Packaging.Main != "m.gguf" {
				t.Errorf("%s: %+v", m.Name, m.Packaging)
			}
		}
		entries, err := os.ReadDir(s.place.GraphRoot)
		if err != nil || len(entries) != 3 {
			t.Errorf("reading left %v, %v", entries, err)
		}
	}
}

// TestUnreadable: what cannot be read may be a model, so it is not 'not found'; what is broken is none.
func TestUnreadable(t *testing.T) {
	loop := func(path string) error { return os.Symlink(path, path) } // opening it fails, also for root
	torn := func(path string) error { return os.WriteFile(path, []byte("{"), 0o600) }
	none := func(string) error { return nil }
	for _, c := range []struct {
		name  string
		spoil func(path string) error
		fault bool
	}{{"a fault", loop, true}, {"torn", torn, false}, {"gone", none, false}} {
		for _, file := range []string{"manifest", "config", "list"} {
			s := many(t, 2, true)
			r, err := s.read()
			if err != nil {
				t.Fatal(err)
			}
			i := r.images[0]
			path := map[string]string{
				"manifest": s.imageDir(i.ID, manifestKey), "config": s.imageDir(i.ID, bigDataName("sha256:"+i.ID)),
				"list": s.layerDir(i.TopLayer + ".tar-split.gz"),
			}[file]
			if err := errors.Join(os.Remove(path), c.spoil(path)); err != nil {
				t.Fatal(err)
			}
			_, err = s.Find(t.Context(), i.Names[0])
			if err == nil || errors.Is(err, artifacts.ErrNotFound) == c.fault {
				t.Errorf("%s of %s: Find: %v", c.name, file, err)
			}
			list, err := s.List(t.Context())
			if (err != nil) != c.fault || !c.fault && len(list) != 1 {
				t.Errorf("%s of %s: List: %d, %v", c.name, file, len(list), err)
			}
		}
	}
}

// TestOverview: it is the list, but for the files of images that are called models, of which nothing is read.
func TestOverview(t *testing.T) {
	for name, labels := range map[string]map[string]string{"called models": modelLabels(), "with the files of one": nil} {
		s := fill(t, many(t, 0, true), 5, true, labels)
		r, err := s.read()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(s.layerDir(r.images[0].TopLayer+".tar-split.gz"), []byte("torn"), 0o600); err != nil {
			t.Fatal(err)
		}
		list, err := s.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		overview, err := s.Overview(t.Context())
		if err != nil || len(overview) != len(list) || len(list) != map[bool]int{true: 5, false: 4}[labels != nil] {
			t.Fatalf("%s: %d models, %d in the list, %v", name, len(overview), len(list), err)
		}
		for i, m := range overview {
			if (m.Packaging.Files == nil) != (labels != nil) {
				t.Errorf("%s: %s has the files %v", name, m.Name, m.Packaging.Files)
			}
			m.Packaging, list[i].Packaging = packaging.Model{Format: m.Packaging.Format}, packaging.Model{Format: list[i].Packaging.Format}
			if !reflect.DeepEqual(m, list[i]) {
				t.Errorf("%s: got %+v, want %+v", name, m, list[i])
			}
		}
	}
}

// BenchmarkList lists 1,000 images that carry models, with a label that says so or without, and 1,000 that do not, for paddock ls.
// cpu-ms/op is what it costs whatever else runs.
func BenchmarkList(b *testing.B) {
	for name, c := range map[string]struct {
		models bool
		labels map[string]string
	}{"labelled": {true, modelLabels()}, "models": {true, nil}, "others": {false, nil}} {
		b.Run(name, func(b *testing.B) {
			s := fill(b, many(b, 0, c.models), 1000, c.models, c.labels)
			before := cpu(b)
			for b.Loop() {
				if _, err := s.Overview(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((cpu(b)-before).Milliseconds())/float64(b.N), "cpu-ms/op")
		})
	}
}

// cpu is what this process has used so far.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
