package packaging

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
)

// imageManifest returns the config of an image with labels, and a manifest for it.
func imageManifest(t *testing.T, labels map[string]string) (manifest, config []byte) {
	t.Helper()
	config, err := json.Marshal(map[string]any{"os": "linux", "config": map[string]any{"Labels": labels}})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Appendf(nil, `{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":%q,"size":%d},"layers":[]}`,
		digest.FromBytes(config), len(config)), config
}

func TestImageModel(t *testing.T) {
	raw := map[string]string{"org.containers.type": "ai.image.model.raw"}
	at := func(where string) map[string]string { return map[string]string{imageLocationLabel: where} }
	for _, c := range []struct {
		name, files, pointer string
		labels               map[string]string
		format               Format
		main, why            string
	}{
		{"raw", "tiny/tiny.gguf", "tiny/tiny.gguf", raw, RamaLamaImage, "tiny/tiny.gguf", ""},
		{"car", "a.gguf b.gguf", "b.gguf", map[string]string{"org.containers.type": "ai.image.model.car"}, RamaLamaImage, "b.gguf", ""},
		{"a pointer to a file without extension", "blob other.txt", "blob", raw, RamaLamaImage, "blob", ""},
		{"a pointer to a split model", "m/x-00001-of-00002.gguf m/x-00002-of-00002.gguf", "m/x-00001-of-00002.gguf", raw, RamaLamaImage, "m/x-00001-of-00002.gguf", ""},
		{"a part is missing", "x-00001-of-00002.gguf", "x-00001-of-00002.gguf", raw, RamaLamaImage, "x-00001-of-00002.gguf", "x-00002-of-00002.gguf"},
		{"a pointer to a folder", "other/z.safetensors m/config.json m/a.safetensors", "m", raw, RamaLamaImage, "m", ""},
		{"a pointer to nothing", "a.gguf", "gone.gguf", raw, RamaLamaImage, "", "there is no /models/gone.gguf"},
		{"location", "a.gguf b.gguf", "a.gguf", at("/models/b.gguf"), RamaLamaImage, "b.gguf", ""},
		{"relative location", "a.gguf s/b.gguf", "", at("s/b.gguf"), RamaLamaImage, "s/b.gguf", ""},
		{"modelcar", "config.json model-00001-of-00002.safetensors model-00002-of-00002.safetensors", "", nil, ModelCar, ".", ""},
		{"modelcar of GGUF", "mmproj-m.gguf m.gguf", "", nil, ModelCar, "m.gguf", ""},
		{"nothing to serve", "README.md", "", nil, ModelCar, "", "weights"},
	} {
		manifest, config := imageManifest(t, c.labels)
		var files []File
		for _, p := range strings.Fields(c.files) {
			files = append(files, File{Path: p, Size: 10})
		}
		m, err := ImageModel(manifest, config, files, c.pointer)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		why := ""
		if m.Unservable != nil {
			why = m.Unservable.Error()
		}
		if m.Format != c.format || m.Main != c.main || len(m.Files) != len(files) || (why == "") != (c.why == "") || !strings.Contains(why, c.why) {
			t.Errorf("%s: %s, main %q, %q", c.name, m.Format, m.Main, why)
		}
		if got := ReadImageConfig(config).CarriesModel(files); got != (c.name != "nothing to serve") {
			t.Errorf("%s: carries a model: %t", c.name, got)
		}
		if ReadImageConfig(config).Labelled != (c.format == RamaLamaImage) {
			t.Errorf("%s: labelled is wrong", c.name)
		}
	}
}

func TestReadImageConfig(t *testing.T) {
	day := time.Date(2025, 1, 2, 3, 4, 5, 6, time.UTC)
	for config, want := range map[string]ImageConfig{
		`{"created":"2025-01-02T03:04:05.000000006Z"}`:                                                        {Created: day},
		`{"created":"1970-01-01T00:00:00Z","config":{"Labels":{"org.containers.type":"ai.image.model.raw"}}}`: {Labelled: true},
		`{"created":"yesterday","config":{"Labels":{"org.containers.type":"ai.image.model.car"}}}`:            {Labelled: true},
		`{"config":{"Labels":{"org.containers.type":"other"}}}`:                                               {},
		`{"config":{"Labels":null}}`:                                                                          {},
		`[`:                                                                                                   {},
	} {
		if got := ReadImageConfig([]byte(config)); got != want {
			t.Errorf("%s: got %+v", config, got)
		}
	}
}

func TestImageModelRefuses(t *testing.T) {
	for where, path := range map[string]string{"/etc/passwd": "a", "/models/../x": "a", "../x": "a", "": "../a", "a": "/a"} {
		manifest, config := imageManifest(t, map[string]string{imageLocationLabel: where})
		if _, err := ImageModel(manifest, config, []File{{Path: path}}, ""); !errors.Is(err, ErrUnsafePath) {
			t.Errorf("%s, %s: %v", where, path, err)
		}
	}
	manifest, _ := imageManifest(t, nil)
	if _, err := ImageModel(manifest, []byte("{}"), nil, ""); !errors.Is(err, ErrInvalidManifest) {
		t.Errorf("another config: %v", err)
	}
}
