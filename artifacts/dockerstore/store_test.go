package dockerstore

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	imgspecv1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// fixture is a store on a Docker of its own.
type fixture struct {
	*Store
	docker *fakeDocker
}

func (f *fixture) Break(*testing.T) {
	f.docker.fail = errors.New("Cannot connect to the Docker daemon")
}                            //nolint:staticcheck // as Docker says it
func (f *fixture) Blobless() {}

func newStore(t *testing.T) *fixture {
	t.Helper()
	docker, dir := newFake(t), t.TempDir()
	s, err := Open(&Options{Dir: filepath.Join(dir, "docker"), Staging: filepath.Join(dir, "staging"), Run: docker.run})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for id, c := range docker.containers {
			if c != nil {
				t.Errorf("the container %s was left", id)
			}
		}
	})
	return &fixture{s, docker}
}

// newImage publishes an image of compressed layers, each a tar of headers with contents.
func newImage(t testing.TB, name string, layers ...[]entry) *storetest.Origin {
	t.Helper()
	config := imgspecv1.Image{Platform: imgspecv1.Platform{Architecture: "amd64", OS: "linux"}, RootFS: imgspecv1.RootFS{Type: "layers"}}
	m := imgspecv1.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: imgspecv1.MediaTypeImageManifest}
	blobs := [][]byte{nil}
	for _, l := range layers {
		var plain, packed bytes.Buffer
		w, z := tar.NewWriter(&plain), gzip.NewWriter(&packed)
		for _, e := range l {
			e.Mode, e.Size = 0o644, int64(len(e.content))
			if err := errors.Join(w.WriteHeader(&e.Header), writeAll(w, e.content)); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(w.Close(), writeAll(z, plain.String()), z.Close()); err != nil {
			t.Fatal(err)
		}
		blobs = append(blobs, packed.Bytes())
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, digest.FromBytes(plain.Bytes()))
		m.Layers = append(m.Layers, imgspecv1.Descriptor{
			MediaType: imgspecv1.MediaTypeImageLayerGzip, Digest: digest.FromBytes(packed.Bytes()), Size: int64(packed.Len()),
		})
	}
	var err error
	if blobs[0], err = json.Marshal(config); err != nil {
		t.Fatal(err)
	}
	m.Config = imgspecv1.Descriptor{MediaType: imgspecv1.MediaTypeImageConfig, Digest: digest.FromBytes(blobs[0]), Size: int64(len(blobs[0]))}
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	o := storetest.Serve(&artifacts.Plan{
		Name: storetest.ParseName(t, name), Kind: artifacts.KindImage, Manifest: raw, MediaType: m.MediaType, Digest: digest.FromBytes(raw),
	}, blobs...)
	for i, l := range layers {
		for _, e := range l {
			o.Wrapped(e.content, m.Layers[i].Digest)
		}
	}
	return o
}

type entry struct {
	tar.Header
	content string
}

func file(name, content string) entry {
	return entry{tar.Header{Typeflag: tar.TypeReg, Name: name}, content}
}

func writeAll(w interface{ Write([]byte) (int, error) }, s string) error {
	_, err := w.Write([]byte(s))
	return err
}

// newModel is a storetest.Maker: each file is a layer.
func newModel(t testing.TB, name string, files map[string]string) *storetest.Origin {
	var layers [][]entry
	for _, p := range slices.Sorted(maps.Keys(files)) {
		layers = append(layers, []entry{file("models/"+p, files[p])})
	}
	return newImage(t, name, layers...)
}

func (f *fixture) land(t *testing.T, o *storetest.Origin) *artifacts.Model {
	t.Helper()
	m, err := f.Land(t.Context(), o.Plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestStore(t *testing.T) {
	storetest.RunWith(t, func(t *testing.T) artifacts.Store { return newStore(t) }, newModel)
}

// TestMounted: a container sees the image under the name that Docker has it by, which has no digest.
func TestMounted(t *testing.T) {
	s := newStore(t)
	o := newModel(t, "docker.io/library/m:1", map[string]string{"model.gguf": "weights"})
	m := s.land(t, o)
	if m.Mount != (artifacts.ImageMount{Image: "docker.io/library/m:1", Subpath: "/models"}) {
		t.Errorf("mounted as %+v", m.Mount)
	}
	pin, err := o.Plan.Name.Pinned(o.Plan.Digest)
	if err != nil {
		t.Fatal(err)
	}
	how, err := s.MountAs(m, pin)
	if err != nil || how != (artifacts.ImageMount{Image: "docker.io/library/m:sha256-" + o.Plan.Digest.Encoded(), Subpath: "/models"}) {
		t.Errorf("pinned it is mounted as %+v, %v", how, err)
	}
	if f := m.Packaging.Files; len(f) != 1 || f[0].Path != "model.gguf" || f[0].Digest != digest.FromString("weights") || f[0].Role != packaging.Weights {
		t.Errorf("files %+v", f)
	}
}

// TestRefused: what carries no model, or leads out of it, never reaches Docker, and leaves no download.
func TestRefused(t *testing.T) {
	for what, c := range map[string]struct {
		layer []entry
		want  error
	}{
		"no model":                 {[]entry{file("etc/passwd", "root")}, artifacts.ErrIsImage},
		"a folder of other models": {[]entry{file("models/user.rb", "class User"), file("models/schema.json", "{}")}, artifacts.ErrIsImage},
		"link out":                 {[]entry{{tar.Header{Typeflag: tar.TypeSymlink, Name: "models/m.gguf", Linkname: "/etc/shadow"}, ""}}, packaging.ErrUnsafePath},
	} {
		t.Run(what, func(t *testing.T) {
			s := newStore(t)
			if _, err := s.Land(t.Context(), newImage(t, "quay.io/org/bad:1", c.layer).Plan, nil); !errors.Is(err, c.want) {
				t.Errorf("got %v", err)
			}
			left, err := s.area.Entries()
			if s.docker.loads != 0 || err != nil || len(left) != 0 {
				t.Errorf("%d loads, left %+v, %v", s.docker.loads, left, err)
			}
		})
	}
}

// TestForeign: what others do to Docker's images is seen, and images that paddock did not land are left alone.
func TestForeign(t *testing.T) {
	s := newStore(t)
	m := s.land(t, newModel(t, "quay.io/org/m:1", map[string]string{"model.gguf": "weights"}))
	s.docker.images["sha256:"+strings.Repeat("0", 64)] = &fakeImage{tags: []string{"busybox:lab"}}
	if models, err := s.List(t.Context()); err != nil || len(models) != 1 {
		t.Errorf("listed %v, %v", models, err)
	}
	if err := s.Remove(t.Context(), "docker.io/library/busybox:lab"); !errors.Is(err, artifacts.ErrNotFound) {
		t.Errorf("removing what is not ours: %v", err)
	}
	other := newModel(t, "quay.io/org/other:1", map[string]string{"model.gguf": "other"})
	for id, i := range s.docker.images {
		if slices.Contains(i.tags, "quay.io/org/m:1") {
			delete(s.docker.images, id) // docker rmi
		}
	}
	if _, err := s.Find(t.Context(), m.Name); !errors.Is(err, artifacts.ErrNotFound) {
		t.Errorf("a record without its image: %v", err)
	}
	s.land(t, other)
	if records, err := s.records(); err != nil || len(records) != 1 {
		t.Errorf("%d records, %v: the stale one is to go", len(records), err)
	}
}

// TestBadRecords: what is no record, or of another image, hides no other, and landing writes it anew.
func TestBadRecords(t *testing.T) {
	s := newStore(t)
	o := newModel(t, "quay.io/org/m:1", map[string]string{"model.gguf": "weights"})
	s.land(t, o)
	other := newModel(t, "quay.io/org/other:1", map[string]string{"model.gguf": "other"})
	s.land(t, other)
	records, err := s.records()
	if err != nil || len(records) != 2 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	for _, bad := range []string{"{", `{"ID": "x"}`, `{"ID": "sha256:` + strings.Repeat("0", 64) + `"}`} {
		for i := range records {
			if path, err := s.path(records[i].ID); err != nil || records[i].digest() == o.Plan.Digest && os.WriteFile(path, []byte(bad), 0o600) != nil {
				t.Fatal(path, err)
			}
		}
		if models, err := s.List(t.Context()); err != nil || len(models) != 1 || models[0].Digest != other.Plan.Digest {
			t.Errorf("%s: listed %v, %v", bad, models, err)
		}
		s.land(t, o)
		if models, err := s.List(t.Context()); err != nil || len(models) != 2 {
			t.Errorf("%s: after landing again listed %v, %v", bad, models, err)
		}
	}
}

// TestPrune: of an image that Docker removed no record stays; a dry run leaves it.
func TestPrune(t *testing.T) {
	s := newStore(t)
	s.land(t, newModel(t, "quay.io/org/m:1", map[string]string{"model.gguf": "weights"}))
	s.land(t, newModel(t, "quay.io/org/other:1", map[string]string{"model.gguf": "other"}))
	if err := s.docker.remove("quay.io/org/m:1"); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		opts artifacts.PruneOptions
		want int
	}{{artifacts.PruneOptions{DryRun: true}, 2}, {artifacts.PruneOptions{}, 1}} {
		if _, err := s.Prune(t.Context(), &step.opts); err != nil {
			t.Fatal(err)
		}
		if records, err := s.records(); err != nil || len(records) != step.want {
			t.Errorf("%+v: %d records, want %d; %v", step.opts, len(records), step.want, err)
		}
	}
}

// TestInUse: Docker's refusal is passed on, and nothing changes.
func TestInUse(t *testing.T) {
	s := newStore(t)
	o := newModel(t, "quay.io/org/m:1", map[string]string{"model.gguf": "weights"})
	s.land(t, o)
	for _, i := range s.docker.images {
		i.used = true
	}
	if err := s.Remove(t.Context(), "quay.io/org/m:1"); err == nil || !strings.Contains(err.Error(), "conflict") {
		t.Errorf("got %v", err)
	}
	m, err := s.Find(t.Context(), "quay.io/org/m:1")
	if err != nil || m.Digest != o.Plan.Digest {
		t.Fatalf("got %+v, %v", m, err)
	}
	if err := s.Tag(t.Context(), m, storetest.ParseName(t, "quay.io/org/m:2")); err != nil {
		t.Fatal(err)
	}
	if err := s.Discard(t.Context(), []artifacts.Damage{{Digest: m.Digest}}); err == nil || !strings.Contains(err.Error(), "conflict") {
		t.Errorf("got %v", err)
	}
	if models, err := s.List(t.Context()); err != nil || len(models) != 2 {
		t.Errorf("after a repair that failed: %v, %v", models, err)
	}
}

// TestRepair: an image with other bytes is found out, and comes back with all its names.
func TestRepair(t *testing.T) {
	s := newStore(t)
	o := newModel(t, "quay.io/org/m:1", map[string]string{"model.gguf": "weights"})
	m := s.land(t, o)
	if err := s.Tag(t.Context(), m, storetest.ParseName(t, "quay.io/org/m:2")); err != nil {
		t.Fatal(err)
	}
	for _, i := range s.docker.images {
		i.files["models/model.gguf"] = "Weights"
	}
	damaged, err := s.Check(t.Context(), m, true)
	if err != nil || len(damaged) != 1 || !strings.Contains(damaged[0].Problem, "/models/model.gguf") {
		t.Fatalf("got %+v, %v", damaged, err)
	}
	if err := s.Discard(t.Context(), damaged); err != nil {
		t.Fatal(err)
	}
	s.land(t, o)
	for _, name := range []string{"quay.io/org/m:1", "quay.io/org/m:2"} {
		found, err := s.Find(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if damaged, err := s.Check(t.Context(), found, true); err != nil || len(damaged) != 0 {
			t.Errorf("%s: %+v, %v", name, damaged, err)
		}
	}
}
