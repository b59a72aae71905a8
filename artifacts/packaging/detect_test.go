package packaging

import (
	"errors"
	"strings"
	"testing"
)

func TestDetect(t *testing.T) {
	for _, c := range []struct {
		seed   string
		rule   int
		format Format
	}{
		{"indexes/ramalama", 0, Unknown},
		{"indexes/docker-list", 0, Unknown},
		{"indexes/bare", 0, Unknown},
		{"manifests/ollama", 1, Ollama},
		{"manifests/docker-v01", 2, Docker},
		{"manifests/docker-v02", 2, Docker},
		{"manifests/modelkit", 3, ModelKit},
		{"manifests/modelpack-modctl", 4, ModelPack},
		{"manifests/modelpack-cnai", 4, ModelPack},
		{"manifests/modelpack-docker-old", 4, ModelPack}, // no artifact type
		{"manifests/modelpack-ramalama", 4, ModelPack},   // nothing but the artifact type
		{"manifests/modelpack-draft", 4, ModelPack},      // an image's config
		{"manifests/image", 5, Image},
		{"manifests/image-docker", 5, Image},
		{"manifests/ramalama-image", 5, Image},
		{"manifests/omlmd", 6, OMLMD},
		{"manifests/oras", 7, Artifact},
		{"manifests/podman-add", 7, Artifact},
		{"manifests/unknown-aikit", 8, Unknown},
		{"manifests/unknown-cosign", 8, Unknown},
	} {
		d, err := Detect(readSeed(t, c.seed+".json"))
		if err != nil || d.Rule != c.rule || d.Format != c.format || d.Index != (c.rule == 0) || d.Why == "" {
			t.Errorf("%s: got %+v, %v", c.seed, d, err)
		}
	}
}

// Each place alone is enough, and a title makes an artifact of what else were an image.
func TestDetectOnePlace(t *testing.T) {
	const tar = "application/vnd.oci.image.layer.v1.tar"
	image := madeLayer("application/vnd.oci.image.config.v1+json", "c", 1)
	for _, c := range []struct {
		artifactType string
		config       object
		layer        object
		want         Format
	}{
		{"", madeLayer("application/vnd.docker.ai.model.config.v0.3+json", "c", 1), madeLayer("x", "l", 1), Docker},
		{"", madeLayer("x", "c", 1), madeLayer("application/vnd.docker.ai.gguf.v3", "l", 1), Docker},
		{"", madeLayer("application/vnd.kitops.modelkit.config.v1+json", "c", 1), madeLayer("x", "l", 1), ModelKit},
		{"", madeLayer("x", "c", 1), madeLayer("application/vnd.kitops.modelkit.model.v1.tar", "l", 1), ModelKit},
		{"application/vnd.cnai.model.manifest.v1+json", image, madeLayer("x", "l", 1), ModelPack},
		{"", madeLayer("application/vnd.cncf.model.config.v1+json", "c", 1), madeLayer("x", "l", 1), ModelPack},
		{"", image, madeLayer("application/vnd.cncf.model.weight.v1.raw", "l", 1), ModelPack},
		{"", image, madeLayer(tar, "l", 1), Image},
		{"", image, madeLayer(tar, "l", 1, "org.opencontainers.image.title", "t"), Artifact},
		{"", madeLayer("application/x-config", "c", 1),
			madeLayer("x", "l", 1, "org.opencontainers.image.title", "model_metadata.omlmd.json"), OMLMD},
		{"", madeLayer("application/vnd.docker.container.image.v1+json", "c", 1), madeLayer("application/vnd.ollama.image.model", "l", 1), Ollama},
	} {
		d, err := Detect(marshal(t, object{
			"schemaVersion": 2, "artifactType": c.artifactType, "config": c.config, "layers": []object{c.layer},
		}))
		if err != nil || d.Format != c.want {
			t.Errorf("%q %v %v: got %+v, %v", c.artifactType, c.config, c.layer, d, err)
		}
	}
}

func TestIsImage(t *testing.T) {
	for f, want := range map[Format]bool{
		Image: true, ModelCar: true, RamaLamaImage: true,
		ModelPack: false, Docker: false, ModelKit: false, Artifact: false, OMLMD: false, Ollama: false, Unknown: false,
	} {
		if f.IsImage() != want {
			t.Errorf("%s: got %v", f, !want)
		}
	}
}

func TestInvalidManifest(t *testing.T) {
	good := `{"mediaType":"x","digest":"` + seedDigest("a").String() + `","size":1}`
	manifest := func(layers string) string {
		return `{"schemaVersion":2,"config":` + good + `,"layers":[` + layers + `]}`
	}
	sized := func(seed, size string) string {
		return `{"digest":"` + seedDigest(seed).String() + `","size":` + size + `}`
	}
	replaced := func(old, by string) string { return manifest(good + "," + strings.Replace(good, old, by, 1)) }
	for _, c := range []struct{ manifest, want string }{
		{``, "unexpected end"},
		{`{"schemaVersion":2,`, "unexpected end"},
		{`[]`, "cannot unmarshal"},
		{`{"schemaVersion":1,"fsLayers":[]}`, "schema version 1"},
		{`{"config":` + good + `}`, "schema version 0"},
		{`{"schemaVersion":2,"layers":[]}`, "no config"},
		{`{"schemaVersion":2,"config":{"mediaType":"x"},"layers":[]}`, "config: it has no digest"},
		{`{"schemaVersion":2,"mediaType":"text/html","config":` + good + `}`, `"text/html" is not supported`},
		{`{"schemaVersion":2,"config":` + good + `,"layers":[],"manifests":[]}`, "both layers and manifests"},
		{`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","config":` + good + `}`, "but it lists layers"},
		{`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","manifests":[]}`, "but it lists manifests"},
		{replaced(`"digest"`, `"dig"`), "layer 2 of 2 (): it has no digest"},
		{replaced(`sha256:`, `sha256:0`), "layer 2 of 2 (sha256:0"},
		{replaced(`sha256:`, `sha1:`), "layer 2 of 2 (sha1:"},
		{replaced(`sha256:`, `../../`), "layer 2 of 2 (../../"},
		{replaced(`"size":1`, `"size":-1`), "size -1 is negative"},
		{replaced(`,"size":1`, ``), "it has no size"},
		{replaced(`"size":1`, `"size":2`), "size 2, but 1 elsewhere"},
		{replaced(`"size":1`, `"size":1.5`), "cannot unmarshal"},
		{replaced(`"size":1`, `"size":9223372036854775808`), "cannot unmarshal"},
		{replaced(`"size":1`, `"size":1,"annotations":{"a":1}`), "cannot unmarshal"},
		{manifest(sized("b", "9223372036854775806") + "," + sized("c", "1")), "layer 2 of 2 (" + seedDigest("c").String() + "): the sizes add up"},
		{manifest(good + strings.Repeat(","+good, MaxLayers)), "10001 layers"},
		{manifest(good) + strings.Repeat(" ", MaxManifestSize), "more than the limit of 4194304"},
		{manifest(good) + "{}", "after top-level value"},
	} {
		text := c.manifest[:min(len(c.manifest), 300)]
		if m, err := Parse([]byte(c.manifest), nil); !errors.Is(err, ErrInvalidManifest) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, %v; want %q", text, m, err, c.want)
		}
		if _, err := Detect([]byte(c.manifest)); !errors.Is(err, ErrInvalidManifest) {
			t.Errorf("%s: Detect: %v", text, err)
		}
	}
}

// What Detect takes and Parse refuses.
func TestInvalidForParse(t *testing.T) {
	bad := func(mediaType string) object {
		return madeLayer(mediaType, "l", 1, "org.cncf.model.file.metadata+json", "{")
	}
	for _, c := range []struct {
		manifest, config []byte
		want             string
	}{
		{readSeed(t, "indexes/buildx.json"), nil, "it is an index"},
		{madeManifest(t, bad("application/vnd.cncf.model.weight.v1.raw")), nil, "layer 1 of 1 (" + seedDigest("l").String() + "): annotation"},
		{madeManifest(t, bad("application/vnd.docker.ai.gguf.v3")), nil, "layer 1 of 1 (" + seedDigest("l").String() + "): annotation"},
		{madeManifest(t, titled("a", "a", 1), bad("x")), nil, "layer 2 of 2 (" + seedDigest("l").String() + "): annotation"},
		{madeManifest(t), []byte("{ "), "are not sha256:44136"},
		{madeManifest(t), []byte("[]"), "are not sha256:44136"},
		{madeManifest(t), make([]byte, MaxConfigSize+1), "more than the limit"},
		{marshal(t, object{
			"schemaVersion": 2, "config": madeLayer("application/vnd.kitops.modelkit.config.v1+json", "[]", 2),
		}), []byte("[]"), "cannot unmarshal"},
		{marshal(t, object{
			"schemaVersion": 2, "config": madeLayer("application/vnd.oci.image.config.v1+json", "[]", 2),
		}), []byte("[]"), "cannot unmarshal"},
	} {
		if m, err := Parse(c.manifest, c.config); !errors.Is(err, ErrInvalidManifest) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.100s: got %v, %v; want %q", c.manifest, m, err, c.want)
		}
	}
}

func TestManifestMediaType(t *testing.T) {
	const oci, list = "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json"
	for _, c := range []struct{ contentType, body, want string }{
		{oci + "; charset=utf-8", `{}`, oci},
		{list, `{"layers":[]}`, list}, // the server's word; reading it as an index then fails
		{"", `{"mediaType":"` + list + `"}`, list},
		{"application/json", `{"mediaType":"` + list + `"}`, list},
		{"text/plain; charset=utf-8", `{"manifests":[]}`, list},
		{"", `{"manifests":null,"layers":[]}`, oci},
		{"", string(readSeed(t, "manifests/modelkit.json")), oci},
		{"", `{"config":{"mediaType":"application/vnd.docker.container.image.v1+json"}}`, "application/vnd.docker.distribution.manifest.v2+json"},
		{"", `not JSON`, oci},
		{"//", `{}`, oci},
	} {
		if got := ManifestMediaType(c.contentType, []byte(c.body)); got != c.want {
			t.Errorf("%q %.80s: got %s, want %s", c.contentType, c.body, got, c.want)
		}
		if got := IsIndex(c.contentType, []byte(c.body)); got != (c.want == list) {
			t.Errorf("%q %.80s: index: %v", c.contentType, c.body, got)
		}
	}
}
