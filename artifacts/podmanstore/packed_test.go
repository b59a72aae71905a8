package podmanstore

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"testing"

	"github.com/opencontainers/go-digest"
	imgspecv1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// packed is a model in some packaging, to publish under testName.
type packed struct {
	configType, config string
	layers             []packedLayer
}

type packedLayer struct {
	mediaType   string
	data        []byte
	annotations map[string]string
}

const (
	packPrefix = "application/vnd.cncf.model."
	pathKey    = "org.cncf.model.filepath"
	titleKey   = imgspecv1.AnnotationTitle
)

func (p packed) origin(t testing.TB, name string) *storetest.Origin {
	t.Helper()
	m := imgspecv1.Manifest{MediaType: imgspecv1.MediaTypeImageManifest, Config: imgspecv1.Descriptor{
		MediaType: p.configType, Digest: digest.FromString(p.config), Size: int64(len(p.config)),
	}}
	m.SchemaVersion = 2
	blobs := [][]byte{[]byte(p.config)}
	for _, l := range p.layers {
		blobs = append(blobs, l.data)
		m.Layers = append(m.Layers, imgspecv1.Descriptor{
			MediaType: l.mediaType, Digest: digest.FromBytes(l.data), Size: int64(len(l.data)), Annotations: l.annotations,
		})
	}
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return storetest.Serve(&artifacts.Plan{
		Name: storetest.ParseName(t, name), Kind: artifacts.KindArtifact, Manifest: raw, MediaType: m.MediaType, Digest: digest.FromBytes(raw),
	}, blobs...)
}

// makeTar packs files, by name, in order of their names.
func makeTar(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(files[name])), Mode: 0o755})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zip(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(data)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tarred is a model of one tar with two files, one of which a plain layer has, too.
func tarred(t testing.TB) packed {
	return packed{configType: packPrefix + "config.v1+json", config: "{}", layers: []packedLayer{
		{packPrefix + "weight.v1.tar", makeTar(t, map[string]string{"m.gguf": "weights"}), map[string]string{pathKey: "q4/m.gguf"}},
		{packPrefix + "weight.config.v1.tar", makeTar(t, map[string]string{"config.json": "shared", "sub/tokenizer.json": "tokens"}), map[string]string{pathKey: "config"}},
		{packPrefix + "doc.v1.raw", []byte("shared"), map[string]string{pathKey: "README.md"}},
	}}
}

func kit(t testing.TB) packed {
	model, part := makeTar(t, map[string]string{"m.gguf": "weights"}), makeTar(t, map[string]string{"parts/vision.gguf": "sees"})
	config := `{"manifestVersion":"1.0.0","model":{"path":"m.gguf","digest":"` + digest.FromBytes(model).String() +
		`","diffId":"` + digest.FromBytes(model).String() + `","parts":[{"path":"parts/vision.gguf","type":"mmproj","digest":"` +
		digest.FromBytes(part).String() + `"}]},"docs":[{"path":"doc/LICENSE"}]}`
	return packed{configType: "application/vnd.kitops.modelkit.config.v1+json", config: config, layers: []packedLayer{
		{"application/vnd.kitops.modelkit.model.v1.tar", model, nil},
		{"application/vnd.kitops.modelkit.modelpart.v1.tar", part, nil},
		{"application/vnd.kitops.modelkit.docs.v1.tar+gzip", zip(t, makeTar(t, map[string]string{"LICENSE": "free"})), nil},
	}}
}

func orasFolder(t testing.TB) packed {
	plain := makeTar(t, map[string]string{"sub/model.safetensors": "tensors", "sub/config.json": "{}"})
	return packed{configType: "application/vnd.oci.empty.v1+json", config: "{}", layers: []packedLayer{
		{"application/vnd.oci.image.layer.v1.tar", []byte("about"), map[string]string{titleKey: "README.md"}},
		{"application/vnd.oci.image.layer.v1.tar+gzip", zip(t, plain), map[string]string{
			titleKey: "sub", "io.deis.oras.content.unpack": "true", "io.deis.oras.content.digest": digest.FromBytes(plain).String(),
		}},
	}}
}

// repeated is a model without archives, of which two layers cannot be told apart.
func repeated(testing.TB) packed {
	return packed{configType: packPrefix + "config.v1+json", config: "{}", layers: []packedLayer{
		{packPrefix + "weight.v1.raw", []byte("weights"), map[string]string{pathKey: "m.gguf"}},
		{packPrefix + "weight.config.v1.raw", []byte("{}"), map[string]string{pathKey: "a/config.json"}},
		{packPrefix + "weight.config.v1.raw", []byte("{}"), map[string]string{pathKey: "b/tokenizer_config.json"}},
	}}
}

func nameless(t testing.TB) packed {
	return packed{configType: "application/vnd.oci.empty.v1+json", config: "{}", layers: []packedLayer{
		{"application/x-some.tar", makeTar(t, map[string]string{"m.gguf": "weights"}), nil},
	}}
}
