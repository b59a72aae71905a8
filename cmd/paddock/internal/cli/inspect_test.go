package cli

import (
	"encoding/binary"
	"encoding/json"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/storetest"
	"github.com/paddock-dev/paddock/tests/fixtures"
)

// tensorsFile is a safetensors file with one tensor of n numbers in BF16.
func tensorsFile(t *testing.T, name string, n int) string {
	t.Helper()
	header, err := json.Marshal(map[string]any{name: map[string]any{"dtype": "BF16", "shape": []int{n}, "data_offsets": []int{0, 2 * n}}})
	if err != nil {
		t.Fatal(err)
	}
	return string(binary.LittleEndian.AppendUint64(nil, uint64(len(header)))) + string(header) + strings.Repeat("\x00", 2*n)
}

func TestInspectSafetensors(t *testing.T) {
	w := newWorld(t)
	files := map[string]string{
		"model-00001-of-00002.safetensors": tensorsFile(t, "a", 3), "model-00002-of-00002.safetensors": tensorsFile(t, "b", 4),
		"config.json":                  `{"architectures":["LlamaForCausalLM"],"max_position_embeddings":2048,"torch_dtype":"bfloat16"}`,
		"model.safetensors.index.json": `{"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}}`,
	}
	w.published["quay.io/org/st:1"] = storetest.NewOrigin(t, "quay.io/org/st:1", files)
	w.must(t, "pull", "quay.io/org/st:1")
	var got inspection
	if err := json.Unmarshal([]byte(w.must(t, "inspect", "quay.io/org/st:1")), &got); err != nil {
		t.Fatal(err)
	}
	f := got.Safetensors
	if f == nil || f.Parameters != 7 || f.ContextLength != 2048 || f.DTypes[0].Name != "BF16" || f.Architectures[0] != "LlamaForCausalLM" || got.GGUF != nil {
		t.Errorf("facts %+v, %+v", f, got.GGUF)
	}
	if got.Main != "." || got.Files[1].Shard != 1 && got.Files[2].Shard != 1 || w.err.Len() > 0 {
		t.Errorf("main %q, files %+v, said %q", got.Main, got.Files, w.err)
	}
	out := w.must(t, "serve", "--dry-run", "quay.io/org/st:1")
	if !strings.Contains(out, "vllm-openai") || !strings.Contains(out, "--model /models ") {
		t.Errorf("dry run: %s", out)
	}
	files["model.safetensors.index.json"] = `{"weight_map":{"a":"model-00003-of-00003.safetensors"}}`
	files["model-00002-of-00002.safetensors"] = "no tensors"
	w.published["quay.io/org/st:2"] = storetest.NewOrigin(t, "quay.io/org/st:2", files)
	w.must(t, "pull", "quay.io/org/st:2")
	w.must(t, "inspect", "quay.io/org/st:2")
	for _, want := range []string{"model-00003-of-00003.safetensors is missing", "inspecting model-00002-of-00002.safetensors"} {
		if !strings.Contains(w.err.String(), want) {
			t.Errorf("of a damaged one it says %q, not %q", w.err, want)
		}
	}
}

// TestInspectBytes: what is published is printed byte for byte.
func TestInspectBytes(t *testing.T) {
	w := newWorld(t)
	o := w.publish(t, tiny)
	w.must(t, "pull", tiny)
	if out := w.must(t, "inspect", "--raw", tiny); digest.FromString(out) != o.Plan.Digest {
		t.Errorf("manifest: %s", out)
	}
	if out := w.must(t, "inspect", "--raw-config", tiny); out != storetest.Config {
		t.Errorf("config: %s", out)
	}
	for _, line := range []string{"--raw --raw-config", "--raw --format json", "--raw-config --format {{.Name}}"} {
		if code, out, err := w.run(t, append([]string{"inspect", tiny}, strings.Fields(line)...)...); code != 2 || out != "" {
			t.Errorf("%s: exit %d, %q, %v", line, code, out, err)
		}
	}
}

// ggufOf is a small GGUF file whose header says what it is.
func ggufOf(t *testing.T, generalType string) string {
	t.Helper()
	data, err := fixtures.GGUF(&fixtures.Options{Embd: 32})
	if err != nil {
		t.Fatal(err)
	}
	text := func(s string) string { return string(binary.LittleEndian.AppendUint64(nil, uint64(len(s)))) + s }
	const isText = "\x08\x00\x00\x00"
	key := text("general.type") + isText
	changed := strings.Replace(string(data), key+text("model"), key+text(generalType), 1)
	if changed == string(data) {
		t.Fatal("the fixture does not say what it is")
	}
	return changed
}

// TestHeadersCorrectRoles: a projector that is called like a model is no model, in what is shown and what is served.
func TestHeadersCorrectRoles(t *testing.T) {
	w := newWorld(t)
	plain, err := fixtures.GGUF(&fixtures.Options{Embd: 32})
	if err != nil {
		t.Fatal(err)
	}
	w.published[tiny] = storetest.NewOrigin(t, tiny, map[string]string{
		"a.gguf": ggufOf(t, "mmproj"), "b.gguf": ggufOf(t, "adapter"), "c.gguf": string(plain), "d.gguf": ggufOf(t, "imatrix"),
	})
	w.must(t, "pull", tiny)
	if out := w.must(t, "inspect", "--format", "{{.Main}}{{range .Files}} {{.Role}}{{end}}", tiny); strings.TrimSpace(out) != "c.gguf projector adapter weights other" {
		t.Errorf("inspect: %s", out)
	}
	out := w.must(t, "serve", "--dry-run", tiny)
	if want := "--model /models/c.gguf --mmproj /models/a.gguf --lora /models/b.gguf --alias"; !strings.Contains(out, want) {
		t.Errorf("serve: %s", out)
	}
}

// publishOllama publishes a manifest of Ollama's types with the parameters.
func publishOllama(t *testing.T, w *world, params string) {
	t.Helper()
	model, err := fixtures.GGUF(&fixtures.Options{Embd: 32})
	if err != nil {
		t.Fatal(err)
	}
	config, template := []byte(`{"model_format":"gguf"}`), []byte("{{ .Prompt }}")
	blobs := [][]byte{config, model, template, []byte(params)}
	types := []string{"", "model", "template", "params"}
	descriptor := func(mediaType string, data []byte) map[string]any {
		return map[string]any{"mediaType": mediaType, "digest": digest.FromBytes(data), "size": len(data)}
	}
	var layers []any
	for i := 1; i < len(blobs); i++ {
		layers = append(layers, descriptor("application/vnd.ollama.image."+types[i], blobs[i]))
	}
	raw, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
		"config": descriptor("application/vnd.docker.container.image.v1+json", config), "layers": layers,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.published[tiny] = storetest.Serve(&artifacts.Plan{
		Name: storetest.ParseName(t, tiny), Kind: artifacts.KindArtifact, Manifest: raw,
		MediaType: "application/vnd.docker.distribution.manifest.v2+json", Digest: digest.FromBytes(raw),
	}, blobs...)
}

func TestServeOllama(t *testing.T) {
	w := newWorld(t)
	publishOllama(t, w, `{"num_ctx":4096,"temperature":0.6,"stop":["<|im_end|>"]}`)
	w.must(t, "pull", tiny)
	out := w.must(t, "--log-level", "info", "serve", "--dry-run", tiny, "--", "--seed", "1")
	if !strings.Contains(out, "--ctx-size 4096") || !strings.Contains(out, "--temp 0.6 --seed 1") || strings.Contains(out, "chat-template") {
		t.Errorf("ran %s", out)
	}
	if !strings.Contains(w.err.String(), "parameters=stop") {
		t.Errorf("said %q", w.err)
	}
	w = newWorld(t)
	publishOllama(t, w, `{"temperature":"--model"}`)
	w.must(t, "pull", tiny)
	if out := w.must(t, "serve", "--dry-run", tiny); strings.Contains(out, "--temp") || !strings.Contains(w.err.String(), "temperature") {
		t.Errorf("ran %s, said %q", out, w.err)
	}
}

// TestServeRepackedOllama: the parameters reach the server in another packaging, too, as that of a pull from Ollama's registry.
func TestServeRepackedOllama(t *testing.T) {
	w := newWorld(t)
	model, err := fixtures.GGUF(&fixtures.Options{Embd: 32})
	if err != nil {
		t.Fatal(err)
	}
	params := []byte(`{"num_ctx":4096,"temperature":0.2}`)
	raw, config, err := packaging.BuildModelPack([]packaging.BuildFile{
		{Path: "model.gguf", Digest: digest.FromBytes(model), Size: int64(len(model)), Role: packaging.Weights},
		{Path: "params.json", Digest: digest.FromBytes(params), Size: int64(len(params)), Role: packaging.Params},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.published[tiny] = storetest.Serve(&artifacts.Plan{
		Name: storetest.ParseName(t, tiny), Kind: artifacts.KindArtifact, Manifest: raw,
		MediaType: "application/vnd.oci.image.manifest.v1+json", Digest: digest.FromBytes(raw),
	}, config, model, params)
	w.must(t, "pull", tiny)
	if out := w.must(t, "serve", "--dry-run", tiny); !strings.Contains(out, "--ctx-size 4096") || !strings.Contains(out, "--temp 0.2") {
		t.Errorf("ran %s, said %q", out, w.err)
	}
}
