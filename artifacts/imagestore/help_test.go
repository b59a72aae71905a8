package imagestore

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	imgspecv1 "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/vbatts/tar-split/tar/asm"
	tsstorage "github.com/vbatts/tar-split/tar/storage"
	"go.podman.io/storage"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// drivers are the storage drivers that tests run with: overlay needs a kernel and a file system that have it.
func drivers() []string { return []string{"vfs", "overlay"} }

// newStore returns an empty store in a folder of its own.
func newStore(t *testing.T, driver string) *Store {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("writing Podman's storage takes root")
	}
	dir := t.TempDir()
	place := Place{GraphRoot: filepath.Join(dir, "graph"), RunRoot: filepath.Join(dir, "run"), Driver: driver}
	s, err := Open(&Options{Place: place})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := os.Stat(place.GraphRoot); err != nil {
			return
		}
		lib, err := storage.GetStore(storage.StoreOptions{GraphRoot: place.GraphRoot, RunRoot: place.RunRoot, GraphDriverName: driver})
		if err != nil {
			t.Error(err)
			return
		}
		if _, err := lib.Shutdown(true); err != nil {
			t.Error(err)
		}
	})
	return s
}

// testLayer is one layer of an image that a test publishes.
type testLayer struct {
	files   map[string]string
	headers []tar.Header // written as they are, after the files
	plain   bool         // not compressed
}

func (l *testLayer) pack(t testing.TB) (blob []byte, mediaType string, diffID digest.Digest) {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	write := func(h tar.Header, data string) {
		if h.Mode == 0 {
			h.Mode = 0o644
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.files)) {
		write(tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(l.files[name]))}, l.files[name])
	}
	for _, h := range l.headers {
		write(h, "")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	diffID = digest.FromBytes(buf.Bytes())
	if l.plain {
		return buf.Bytes(), imgspecv1.MediaTypeImageLayer, diffID
	}
	var z bytes.Buffer
	g := gzip.NewWriter(&z)
	if _, err := g.Write(buf.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	return z.Bytes(), imgspecv1.MediaTypeImageLayerGzip, diffID
}

// newImage publishes an image. change, if not nil, may spoil its config.
func newImage(t testing.TB, name string, labels map[string]string, layers []testLayer, change func(*imgspecv1.Image)) *storetest.Origin {
	t.Helper()
	config := imgspecv1.Image{
		Platform: imgspecv1.Platform{Architecture: "amd64", OS: "linux"},
		Config:   imgspecv1.ImageConfig{Labels: labels}, RootFS: imgspecv1.RootFS{Type: "layers"},
	}
	m := imgspecv1.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: imgspecv1.MediaTypeImageManifest}
	blobs := [][]byte{nil}
	for i := range layers {
		blob, mediaType, diffID := layers[i].pack(t)
		blobs = append(blobs, blob)
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, diffID)
		m.Layers = append(m.Layers, imgspecv1.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(blob), Size: int64(len(blob))})
	}
	if change != nil {
		change(&config)
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
	for i := range layers {
		for _, content := range layers[i].files {
			o.Wrapped(content, m.Layers[i].Digest)
		}
	}
	return o
}

// newModel is a storetest.Maker: each file is a layer, as KServe's images have them.
func newModel(t testing.TB, name string, files map[string]string) *storetest.Origin {
	t.Helper()
	var layers []testLayer
	for _, p := range slices.Sorted(maps.Keys(files)) {
		layers = append(layers, testLayer{files: map[string]string{"models/" + p: files[p]}})
	}
	return newImage(t, name, nil, layers, nil)
}

func land(t *testing.T, s *Store, o *storetest.Origin) *artifacts.Model {
	t.Helper()
	m, err := s.Land(t.Context(), o.Plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// putUnchecked writes an image as podman pull does, whatever it carries, and names it.
func putUnchecked(t *testing.T, s *Store, o *storetest.Origin, r *request) {
	t.Helper()
	for i := range o.Plan.Blobs {
		d := o.Plan.Blobs[i].Digest
		r.Blobs[d] = filepath.Join(r.Temp, d.Encoded())
		if err := os.WriteFile(r.Blobs[d], blobOf(t, o, i), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lib, err := storage.GetStore(storage.StoreOptions{GraphRoot: s.place.GraphRoot, RunRoot: s.place.RunRoot, GraphDriverName: s.place.Driver})
	if err != nil {
		t.Fatal(err)
	}
	w, id := &writer{s, lib}, o.Plan.Blobs[0].Digest.Encoded()
	if err := w.copy(t.Context(), r, id); err != nil {
		t.Fatal(err)
	}
	if err := w.name(id, o.Plan.Name.String()); err != nil {
		t.Fatal(err)
	}
}

// modelFile returns the path of one file of a model.
func (s *Store) modelFile(t *testing.T, m *artifacts.Model, p string) string {
	t.Helper()
	r, err := s.read()
	if err != nil {
		t.Fatal(err)
	}
	d, err := r.byDigest(m.Digest)
	if err != nil || d == nil {
		t.Fatalf("got %v, %v", d, err)
	}
	name, n, err := d.tree.Resolve(p)
	if err != nil {
		t.Fatal(err)
	}
	root, err := s.layerRoot(d.chain, n)
	if err != nil {
		t.Fatal(err)
	}
	if err := root.Close(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(root.Name(), name)
}

// blobOf returns a blob of an origin.
func blobOf(t testing.TB, o *storetest.Origin, i int) []byte {
	t.Helper()
	body, err := o.Plan.Blobs[i].Open(t.Context(), 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// tarSplit writes the list of files of a compressed layer, as the storage library does.
func tarSplit(t testing.TB, blob []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(blob))
	if err != nil {
		t.Fatal(err)
	}
	var list bytes.Buffer
	z := gzip.NewWriter(&list)
	in, done, err := asm.NewInputTarStreamWithDone(r, tsstorage.NewJSONPacker(z), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(io.Discard, in)
	if err := errors.Join(err, <-done, z.Close()); err != nil {
		t.Fatal(err)
	}
	return list.Bytes()
}
