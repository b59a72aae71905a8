package imagestore

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	imgspecv1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/derive"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

func link(name, to string) tar.Header {
	return tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: to}
}

func paths(m *artifacts.Model) []string {
	var all []string
	for _, f := range m.Packaging.Files {
		all = append(all, f.Path)
	}
	return all
}

// TestTree: what a container sees is every layer applied to those below it.
func TestTree(t *testing.T) {
	s := newStore(t, "overlay")
	o := newImage(t, "quay.io/org/m:1", map[string]string{"org.containers.type": "ai.image.model.raw"}, []testLayer{
		{files: map[string]string{"models/old.gguf": "old", "models/sub/a.gguf": "a", "models/sub/b.json": "{}", "models/gone/x.gguf": "x", "etc/passwd": "p"}},
		{files: map[string]string{"models/.wh.old.gguf": "", "models/gone/.wh..wh..opq": "", "models/gone/new.txt": "new"}},
		{files: map[string]string{"./models/tiny/tiny.gguf": "the weights"}, headers: []tar.Header{
			link("models/model.file", "tiny/tiny.gguf"), link("models/mmproj.file", "/models/sub/a.gguf"), link("models/again.gguf", "./tiny/../tiny/tiny.gguf"),
			{Typeflag: tar.TypeLink, Name: "models/hard.gguf", Linkname: "models/tiny/tiny.gguf"}, link("models/nothing", "x"), link("models/dir", "sub"),
		}, plain: true},
	}, nil)
	m := land(t, s, o)
	want := []string{"again.gguf", "gone/new.txt", "hard.gguf", "sub/a.gguf", "sub/b.json", "tiny/tiny.gguf"}
	if got := paths(m); !reflect.DeepEqual(got, want) || m.Packaging.Main != "tiny/tiny.gguf" || m.Packaging.Format != packaging.RamaLamaImage || m.Packaging.Unservable != nil {
		t.Errorf("got %q, main %q, %s, %v", got, m.Packaging.Main, m.Packaging.Format, m.Packaging.Unservable)
	}
	if m.Mount != (artifacts.ImageMount{Image: "quay.io/org/m:1", Subpath: "/models"}) {
		t.Errorf("mount %+v", m.Mount)
	}
	for _, p := range []string{"again.gguf", "hard.gguf", "tiny/tiny.gguf"} {
		i := slices.Index(paths(m), p)
		f, size, err := s.OpenFile(t.Context(), m, &m.Packaging.Files[i])
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(io.NewSectionReader(f, 0, size))
		if err := errors.Join(err, f.Close()); err != nil || !bytes.Equal(data, []byte("the weights")) || m.Packaging.Files[i].Size != size {
			t.Errorf("%s: got %q, %v", p, data, err)
		}
	}
}

// TestHostile: what is refused leaves nothing.
func TestHostile(t *testing.T) {
	ok := testLayer{files: map[string]string{"models/m.gguf": "weights"}}
	with := func(h ...tar.Header) []testLayer { return []testLayer{ok, {headers: h}} }
	labels := map[string]string{"org.containers.type": "ai.image.model.raw"}
	for _, c := range []struct {
		name   string
		layers []testLayer
		labels map[string]string
		change func(*imgspecv1.Image)
		want   error
	}{
		{"a link out of the models", with(link("models/evil.gguf", "/etc/passwd")), labels, nil, packaging.ErrUnsafePath},
		{"a relative link out", with(link("models/sub/evil.gguf", "../../etc/passwd")), nil, nil, packaging.ErrUnsafePath},
		{"a link through a folder that is one", with(link("models/d", "/etc"), link("models/x", "d/passwd")), labels, nil, packaging.ErrUnsafePath},
		{"links in a circle", with(link("models/a", "b"), link("models/b", "a")), labels, nil, packaging.ErrUnsafePath},
		{"the folder is a link", []testLayer{{headers: []tar.Header{link("models", "/etc")}}}, labels, nil, packaging.ErrUnsafePath},
		{"a pipe", with(tar.Header{Typeflag: tar.TypeFifo, Name: "models/p"}), labels, nil, packaging.ErrUnsafePath},
		{"a path out of the image", with(tar.Header{Typeflag: tar.TypeReg, Name: "../../../../evil"}), labels, nil, packaging.ErrUnsafePath},
		{"a hard link out of the image", with(tar.Header{Typeflag: tar.TypeLink, Name: "models/h", Linkname: "../../../../etc/passwd"}), labels, nil, nil},
		{"another diffID", []testLayer{ok}, labels, func(i *imgspecv1.Image) { i.RootFS.DiffIDs[0] = digest.FromString("x") }, artifacts.ErrVerification},
		{"a location elsewhere", []testLayer{ok}, map[string]string{"com.ramalama.model.file.location": "/etc/passwd"}, nil, packaging.ErrUnsafePath},
		{"no models", []testLayer{{files: map[string]string{"x": "y"}}}, nil, nil, nil},
		{"models of another kind", []testLayer{{files: map[string]string{"models/user.rb": "class User"}}}, nil, nil, nil},
		{"no models but a label", []testLayer{{files: map[string]string{"x": "y"}}}, labels, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStore(t, "overlay")
			o := newImage(t, "quay.io/org/m:1", c.labels, c.layers, c.change)
			_, err := s.Land(t.Context(), o.Plan, nil)
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), "quay.io/org/m:1") {
				t.Fatalf("got %v", err)
			}
			t.Log(err)
			r, err := s.read()
			if err != nil || len(r.images) > 0 || len(r.layers) > 0 {
				t.Errorf("left %d images and %d layers, %v", len(r.images), len(r.layers), err)
			}
			if left, err := os.ReadDir(s.StagingDir()); err != nil || len(left) > 0 {
				t.Errorf("left %v in staging, %v", left, err)
			}
		})
	}
}

var errDied = errors.New("the process that writes was killed")

// TestWriteFails: what was fetched waits for the next landing if the disk is full, and goes if the image was refused.
func TestWriteFails(t *testing.T) {
	for class, c := range map[string]struct {
		is    error
		stays bool
	}{"full": {syscall.ENOSPC, true}, "died": {errDied, true}, "": {nil, false}, "verification": {artifacts.ErrVerification, false}} {
		s := newStore(t, "overlay")
		s.enter = func(context.Context, []byte) ([]byte, error) {
			if class == "died" {
				return nil, errDied
			}
			return json.Marshal(answer{Error: "writing failed", Class: class})
		}
		_, err := s.Land(t.Context(), newModel(t, "quay.io/org/m:1", map[string]string{"m.gguf": "weights"}).Plan, nil)
		if err == nil || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%q: got %v", class, err)
		}
		if left, err := s.area.Entries(); err != nil || (len(left) > 0) != c.stays {
			t.Errorf("%q: left %v in staging, %v", class, left, err)
		}
	}
}

// TestOtherImages: what is no model is neither listed nor found nor removed, even if it has a folder /models.
func TestOtherImages(t *testing.T) {
	s := newStore(t, "overlay")
	others := map[string]map[string]string{
		"quay.io/org/plain:1":    {"bin/sh": "x", "models-of/x.gguf": "y"},
		"quay.io/org/rails:1":    {"bin/sh": "x", "models/user.rb": "class User", "models/schema.json": "{}"},
		"quay.io/org/empty:1":    {"models/README": "put your models here"},
		"quay.io/org/one-file:1": {"models/blob": "much of it"},
	}
	for name, files := range others {
		o := newImage(t, name, nil, []testLayer{{files: files}}, nil)
		putUnchecked(t, s, o, &request{
			Do: doLand, Manifest: o.Plan.Manifest, MediaType: o.Plan.MediaType, Temp: t.TempDir(), Blobs: map[digest.Digest]string{},
		})
	}
	land(t, s, newModel(t, "quay.io/org/m:1", map[string]string{"m.gguf": "x"}))
	models, err := s.List(t.Context())
	if err != nil || len(models) != 1 || models[0].Name != "quay.io/org/m:1" {
		t.Errorf("got %+v, %v", models, err)
	}
	for name := range others {
		if err := s.Remove(t.Context(), name); !errors.Is(err, artifacts.ErrNotFound) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	r, err := s.read()
	if err != nil || len(r.images) != 1+len(others) {
		t.Errorf("%d images, %v", len(r.images), err)
	}
}

// TestNameOfOtherImage: a landing takes the name of what is no model, as podman pull does, and nothing more; the model that
// loses its last name goes.
func TestNameOfOtherImage(t *testing.T) {
	s := newStore(t, "overlay")
	plain := newImage(t, "quay.io/org/m:1", nil, []testLayer{{files: map[string]string{"bin/sh": "x"}}}, nil)
	w := &request{Do: doLand, Manifest: plain.Plan.Manifest, MediaType: plain.Plan.MediaType, Temp: t.TempDir(), Blobs: map[digest.Digest]string{}}
	putUnchecked(t, s, plain, w)
	for _, content := range []string{"old", "new"} {
		land(t, s, newModel(t, "quay.io/org/m:1", map[string]string{"m.gguf": content}))
		r, err := s.read()
		if err != nil || len(r.images) != 2 {
			t.Fatalf("%s: %d images, %v", content, len(r.images), err)
		}
		for _, i := range r.images {
			if isPlain := i.digest() == plain.Plan.Digest; isPlain != (len(i.Names) == 0) {
				t.Errorf("%s: %.12s has the names %q", content, i.ID, i.Names)
			}
		}
	}
}

// TestRepair: damage is found, and a landing after Discard mends it and brings all names back.
func TestRepair(t *testing.T) {
	s := newStore(t, "overlay")
	o := newModel(t, "quay.io/org/m:1", map[string]string{"a.gguf": "weights", "b.json": "{}"})
	m := land(t, s, o)
	if err := s.Tag(t.Context(), m, storetest.ParseName(t, "quay.io/org/m:2")); err != nil {
		t.Fatal(err)
	}
	file := s.modelFile(t, m, "a.gguf")
	spoil := func(data string) {
		if err := os.WriteFile(file, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		data   string
		verify bool
	}{{"short", false}, {"wEights", true}} {
		spoil(c.data)
		damaged, err := s.Check(t.Context(), m, c.verify)
		if err != nil || len(damaged) != 1 || damaged[0].Digest != o.Plan.Blobs[1].Digest {
			t.Fatalf("%s: got %+v, %v", c.data, damaged, err)
		}
		if err := s.Discard(t.Context(), damaged); err != nil {
			t.Fatal(err)
		}
		land(t, s, o)
		if damaged, err := s.Check(t.Context(), m, true); err != nil || len(damaged) > 0 {
			t.Errorf("after the repair: %+v, %v", damaged, err)
		}
		models, err := s.List(t.Context())
		if err != nil || len(models) != 2 {
			t.Errorf("names after the repair: %d, %v", len(models), err)
		}
	}
}

// TestKilled: what a process left that was killed while it wrote an image is counted, found and deleted, but not what one is
// writing.
func TestKilled(t *testing.T) {
	s := newStore(t, "overlay")
	d := digest.FromString("manifest")
	w, err := derive.OpenWorkspace(t.Context(), s.writingDir(), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(w.Dir, "container_images_storage1", "1")
	if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at, []byte("much"), 0o600); err != nil {
		t.Fatal(err)
	}
	if pruned, err := s.Prune(t.Context(), nil); err != nil || len(pruned) > 0 {
		t.Errorf("pruned what is being written: %+v, %v", pruned, err)
	}
	if err := w.Close(); err != nil { // its lock goes with the process
		t.Fatal(err)
	}
	leave := func() {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o700), os.WriteFile(at, []byte("much"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	leave()
	if u, err := s.Usage(t.Context(), nil); err != nil || u.Staging != 4 {
		t.Errorf("usage %+v, %v", u, err)
	}
	if pruned, err := s.Prune(t.Context(), &artifacts.PruneOptions{Age: time.Hour}); err != nil || len(pruned) > 0 {
		t.Errorf("too young: pruned %+v, %v", pruned, err)
	}
	if pruned, err := s.Prune(t.Context(), nil); err != nil || len(pruned) != 1 || pruned[0].Digest != d || pruned[0].Allocated != 4 {
		t.Errorf("pruned %+v, %v", pruned, err)
	}
	leave()
	findings, err := s.Diagnose(t.Context(), nil)
	if err != nil || len(findings) != 1 || findings[0].Kind != artifacts.FindingLeftover || !findings[0].Mendable {
		t.Fatalf("found %+v, %v", findings, err)
	}
	if mended, err := s.Mend(t.Context(), findings, nil); err != nil || len(mended) != 1 {
		t.Errorf("mended %+v, %v", mended, err)
	}
	if left, err := os.ReadDir(s.writingDir()); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

// assertTarOf checks that the tar in a compressed layer is had by its own digest.
func assertTarOf(t *testing.T, s *Store, m *artifacts.Model, layer []byte) {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(layer))
	if err != nil {
		t.Fatal(err)
	}
	want, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	r, size, err := s.OpenFile(t.Context(), m, &artifacts.File{Path: "tar", Digest: digest.FromBytes(want), Encoding: packaging.Tar})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(io.NewSectionReader(r, 0, size)); err != nil || !bytes.Equal(got, want) || r.Close() != nil {
		t.Errorf("the tar of a compressed layer is another, %v", err)
	}
}

// TestBlobs: of an image whose layers are not compressed the blobs are had as they came, in any part; of others what was in them.
func TestBlobs(t *testing.T) {
	for _, driver := range drivers() {
		s := newStore(t, driver)
		o := newImage(t, "quay.io/org/m:1", nil, []testLayer{
			{files: map[string]string{"models/m.gguf": strings.Repeat("weights", 1000), "./models/x/empty": "", "bin/sh": "shell"}, plain: true},
			{headers: []tar.Header{link("models/model.file", "m.gguf")}, plain: true},
			{files: map[string]string{"models/packed.json": "{}"}},
		}, nil)
		m := land(t, s, o)
		for i := range o.Plan.Blobs {
			want, f := blobOf(t, o, i), artifacts.File{Path: "blob", Digest: o.Plan.Blobs[i].Digest, Encoding: packaging.Tar}
			if i == 0 {
				f.Encoding = packaging.Raw
			}
			r, size, err := s.OpenFile(t.Context(), m, &f)
			if i == 3 {
				if !errors.Is(err, errors.ErrUnsupported) {
					t.Errorf("%s: of a compressed layer: %v", driver, err)
				}
				assertTarOf(t, s, m, want)
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(io.NewSectionReader(r, 0, size)); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: blob %d is another, %v", driver, i, err)
			}
			for off := int64(0); off < size; off += 97 {
				part := make([]byte, min(700, size-off))
				if _, err := r.ReadAt(part, off); err != nil || !bytes.Equal(part, want[off:off+int64(len(part))]) {
					t.Errorf("%s: blob %d from %d on is another, %v", driver, i, off, err)
				}
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
