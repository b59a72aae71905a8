package packaging

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

func ollamaManifest(t *testing.T, layers ...object) []byte {
	t.Helper()
	return marshal(t, object{
		"schemaVersion": 2, "mediaType": dockerManifest, "config": madeLayer(dockerConfig, "{}", 2), "layers": layers,
	})
}

func TestOCIForm(t *testing.T) {
	license := madeLayer(ollamaPrefix+"license", "terms", 5)
	published := ollamaManifest(t, madeLayer(ollamaPrefix+"model", "weights", 7), license, license, madeLayer(ollamaPrefix+"template", "{{ }}", 5))
	form, err := OCIForm("", published)
	if err != nil {
		t.Fatal(err)
	}
	var m ocispec.Manifest
	if err := json.Unmarshal(form, &m); err != nil {
		t.Fatal(err)
	}
	if m.MediaType != ocispec.MediaTypeImageManifest || m.Config.MediaType != ollamaConfig || len(m.Layers) != 4 ||
		m.Annotations[publishedAnnotation] != digest.FromBytes(published).String() {
		t.Errorf("got %s", form)
	}
	before, after := mustParse(t, published), mustParse(t, form)
	if after.Format != Ollama || after.Main != before.Main || len(after.Files) != len(before.Files) {
		t.Fatalf("got %+v, want %+v", after, before)
	}
	for i, f := range after.Files {
		if b := before.Files[i]; f.Path != b.Path || f.Role != b.Role || f.Digest != b.Digest || f.Title != f.Path {
			t.Errorf("got %+v, want %+v", f, b)
		}
	}
	if again, err := OCIForm("", form); again != nil || err != nil {
		t.Errorf("of an OCI form: %s, %v", again, err)
	}
}

func TestOCIFormIsForOllamaOnly(t *testing.T) {
	image := marshal(t, object{
		"schemaVersion": 2, "mediaType": dockerManifest, "config": madeLayer(dockerConfig, "{}", 2),
		"layers": []object{madeLayer("application/vnd.docker.image.rootfs.diff.tar.gzip", "layer", 5)},
	})
	for _, raw := range [][]byte{image, madeManifest(t, titled("a", "b", 1))} {
		if form, err := OCIForm("", raw); form != nil || err != nil {
			t.Errorf("%s: got %s, %v", raw, form, err)
		}
	}
	if _, err := OCIForm(dockerManifest, []byte("{")); !errors.Is(err, ErrInvalidManifest) {
		t.Errorf("got %v", err)
	}
}
