package packaging

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// show writes a file on one line, leaving out what is usual.
func show(f File) string {
	s := f.Path + " " + string(f.Role)
	if f.Encoding != Raw {
		s += " " + string(f.Encoding)
	}
	if f.Shards > 0 {
		s += fmt.Sprintf(" %d/%d", f.Shard, f.Shards)
	}
	if f.Repeated {
		s += " repeated"
	}
	if f.TitleUnique {
		s += " titled"
	}
	return s
}

func readSeed(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// readConfig returns the config of a manifest, nil if testdata has none.
func readConfig(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata/configs", name+".json"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return data
}

func blob(seed string) string { return "sha256-" + seedDigest(seed).Encoded() }

func TestParse(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range slices.Concat(modelPackCases(), dockerCases(), otherCases()) {
		seen[c.name] = true
		t.Run(c.name, func(t *testing.T) {
			m, err := Parse(readSeed(t, "manifests/"+c.name+".json"), readConfig(t, c.name))
			if err != nil {
				t.Fatal(err)
			}
			c.check(t, m)
		})
	}
	paths, err := filepath.Glob("testdata/manifests/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no manifests in testdata: %v", err)
	}
	for _, p := range paths {
		if name := strings.TrimSuffix(filepath.Base(p), ".json"); !seen[name] {
			t.Errorf("%s is in testdata and in no table", name)
		}
	}
}

// parseCase is what Parse makes of testdata/manifests/name.json, with the config of that name if there is one.
type parseCase struct {
	name   string
	format Format
	main   string
	why    string // a part of Unservable; "" if nil
	files  []string
}

func (c parseCase) check(t *testing.T, m *Model) {
	t.Helper()
	if m.Format != c.format || m.Main != c.main {
		t.Errorf("format %s, main %q; want %s, %q", m.Format, m.Main, c.format, c.main)
	}
	switch {
	case c.why == "" && m.Unservable != nil:
		t.Errorf("unservable: %v", m.Unservable)
	case c.why != "" && (!errors.Is(m.Unservable, ErrUnservable) || !strings.Contains(m.Unservable.Error(), c.why)):
		t.Errorf("unservable: %v; want %q", m.Unservable, c.why)
	}
	var got []string
	for _, f := range m.Files {
		got = append(got, show(f))
	}
	if !slices.Equal(got, c.files) {
		t.Errorf("files\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(c.files, "\n\t"))
	}
}

func modelPackCases() []parseCase {
	return []parseCase{
		{"modelpack-modctl", ModelPack, ".", "", []string{
			"config.json config", "tokenizer_config.json tokenizer", "model.safetensors weights",
			"sub/adapter_model.safetensors adapter", "empty1.txt doc repeated", "empty2.txt doc repeated",
		}},
		{"modelpack-cnai", ModelPack, ".", "", []string{ // names from filepath, metadata+json, metadata
			"config.json config", "model-00001-of-00002.safetensors weights 1/2", "model-00002-of-00002.safetensors weights 2/2",
		}},
		{"modelpack-tar", ModelPack, "", "layer 1 of 3", []string{
			"config.json config tar", "model.safetensors weights tar+zstd", "README.md doc tar+gzip",
		}},
		{"modelpack-aikit", ModelPack, "q4/model.gguf", "weight.config.v1.tar is an archive", []string{ // labels clash
			"q4/model.gguf weights", "config config tar titled", "docs doc tar+gzip", blob("d2") + " doc tar+gzip",
		}},
		{"modelpack-aikit-bare", ModelPack, "", "is an archive (tar)", []string{blob("w") + " weights tar", blob("d") + " doc tar"}},
		{"modelpack-docker", ModelPack, "tiny-F32.gguf", "", []string{
			"tiny-F32.gguf weights", "mmproj-F16.gguf projector", "template.jinja template", "LICENSE license",
		}},
		{"modelpack-docker-old", ModelPack, "tiny-F32.gguf", "", []string{"tiny-F32.gguf weights"}},
		{"modelpack-ramalama", ModelPack, "tiny-F32.gguf", "", []string{ // filepath beats title
			"LICENSE license titled", "tiny-F32.gguf weights titled",
		}},
		{"modelpack-draft", ModelPack, "", "is an archive (tar)", []string{"model other tar"}},
		{"modelpack-nameless", ModelPack, blob("only"), "", []string{blob("only") + " weights"}},
		{"modelpack-quants", ModelPack, "m-Q4_K_M.gguf", "", []string{ // the split one is not whole
			"m-Q8_0.gguf weights", "m-BF16-00001-of-00002.gguf weights 1/2", "m-Q4_K_M.gguf weights",
		}},
	}
}

func dockerCases() []parseCase {
	return []parseCase{
		{"docker-v01", Docker, "tiny-F32.gguf", "", []string{
			"tiny-F32.gguf weights", "mmproj-F16.gguf projector", "LICENSE license", "template.jinja template",
		}},
		{"docker-unnamed", Docker, "model.gguf", "", []string{
			"model.gguf weights", "LICENSE license repeated", "LICENSE_2 license", "model.mmproj projector", "template.jinja template",
		}},
		{"docker-split", Docker, "model-00001-of-00003.gguf", "", []string{
			"model-00001-of-00003.gguf weights 1/3", "model-00002-of-00003.gguf weights 2/3", "LICENSE license",
			"model-00003-of-00003.gguf weights 3/3",
		}},
		{"docker-spec", Docker, "model.gguf", "", []string{"model.gguf weights", "adapter.gguf adapter", "model.mmproj projector"}},
		{"docker-v02", Docker, ".", "", []string{
			"model-00001-of-00002.safetensors weights 1/2", "model-00002-of-00002.safetensors weights 2/2", "config.json config",
			"tokenizer.json tokenizer", "nested/params/data.csv dataset", "chat_template.jinja template",
		}},
		{"docker-vllm", Docker, ".", "layer 2 of 3", []string{
			"model.safetensors weights", "vllm-config.tar config tar", blob("dt") + " other tar",
		}},
	}
}

func otherCases() []parseCase {
	return []parseCase{
		{"modelkit", ModelKit, "", "is an archive (tar)", []string{
			"tiny-F32.gguf weights tar", "parts/vision.gguf projector tar", "LICENSE license tar+gzip",
		}},
		{"modelkit-old", ModelKit, "", "is an archive (tar+gzip)", []string{ // by position
			"models weights tar+gzip", "data/train.csv dataset tar+gzip", "data/test.csv dataset tar+gzip", blob("kc") + " code tar+gzip",
		}},
		{"modelkit-raw", ModelKit, "gguf/tiny-F32.gguf", "", []string{ // by digest
			"README.md doc", "gguf/tiny-F32.gguf weights", "gguf/adapter.gguf adapter",
		}},
		{"modelkit-ref", ModelKit, "", `another ModelKit, "registry.example/org/base:1"`, []string{"README.md doc tar"}},
		{"oras", Artifact, ".", "layer 4 of 4", []string{ // a file that is called a tar, and a folder that is one
			"config.json config titled", "model-00001-of-00002.safetensors weights 1/2 titled",
			"model-00002-of-00002.safetensors weights 2/2 titled", "sub other tar+gzip titled",
		}},
		{"oras-old", Artifact, "deep/m-00001-of-00002.gguf", "", []string{
			"deep/m-00001-of-00002.gguf weights 1/2", "deep/m-00002-of-00002.gguf weights 2/2",
			"a.txt doc repeated titled", "b.txt doc repeated titled",
		}},
		{"podman-add", Artifact, "tiny-F32.gguf", "", []string{"tiny-F32.gguf weights titled", "README.md doc titled"}},
		{"podman-missing-shard", Artifact, "m-00001-of-00003.gguf", "missing from a split model: m-00003-of-00003.gguf", []string{
			"m-00001-of-00003.gguf weights 1/3 titled", "m-00002-of-00003.gguf weights 2/3 titled",
		}},
		{"podman-only-file", Artifact, "model", "", []string{"model weights titled", "README.md doc titled"}},
		{"podman-archive", Artifact, "", "none of its files", []string{"backup.tgz other titled"}},
		{"podman-notes", Artifact, "", "none of its files", []string{"README.md doc titled"}},
		{"omlmd", OMLMD, "tiny.model", "", []string{ // the config is a layer too
			"tiny.model weights titled", "model_metadata.omlmd.json config titled", "model_metadata.omlmd.yaml config titled",
		}},
		{"ollama", Ollama, "model.gguf", "", []string{
			"model.gguf weights", "mmproj.gguf projector", "template.gotmpl template", "params.json params", "system.txt other",
			"LICENSE license", "LICENSE_2 license",
		}},
		{"ollama-tensor", Ollama, "", "single tensors", []string{
			"model.embed_tokens.weight weights", "model.layers.0.mlp.weight weights", "config.json config",
		}},
		{"ramalama-image", RamaLamaImage, "", "container image", nil},
		{"image", Image, "", "container image", nil},
		{"image-docker", Image, "", "container image", nil},
		{"unknown-aikit", Unknown, "", "nothing in the manifest", []string{blob("g") + " other"}},
		{"unknown-cosign", Unknown, "", "nothing in the manifest", []string{blob("sig") + " other"}},
	}
}

func TestParseWithoutConfig(t *testing.T) {
	for _, c := range []parseCase{
		{"ramalama-image", Image, "", "container image", nil},
		{"modelkit-raw", ModelKit, blob("km"), "", []string{blob("kd") + " doc", blob("km") + " weights", blob("kp") + " other"}},
	} {
		m, err := Parse(readSeed(t, "manifests/"+c.name+".json"), nil)
		if err != nil {
			t.Fatal(err)
		}
		c.check(t, m)
	}
}

// A type from outside ModelPack tells an archive only if oras says so, or if nothing names the one file it could be.
func TestForeignTypesInModelPack(t *testing.T) {
	const tar, filepath = "application/vnd.oci.image.layer.v1.tar+gzip", "org.cncf.model.filepath"
	m := mustParse(t, madeManifest(t,
		madeLayer("application/vnd.cncf.model.weight.v1.raw", "w", 1, filepath, "m.gguf"),
		madeLayer(tar, "1", 1, filepath, "config.json"), madeLayer(tar, "2", 1),
		madeLayer(tar, "3", 1, filepath, "dir", "io.deis.oras.content.unpack", "true")))
	want := []string{"m.gguf weights", "config.json config", blob("2") + " other tar+gzip", "dir other tar+gzip"}
	for i, f := range m.Files {
		if show(f) != want[i] {
			t.Errorf("got %s, want %s", show(f), want[i])
		}
	}
}

func TestFirst(t *testing.T) {
	m := &Model{Files: []File{{Path: "a", Role: Doc}, {Path: "b", Role: License}, {Path: "c", Role: License}}}
	if f := m.First(License); f != &m.Files[1] {
		t.Errorf("got %v", f)
	}
	if f := m.First(Weights); f != nil {
		t.Errorf("got %v", f)
	}
}
