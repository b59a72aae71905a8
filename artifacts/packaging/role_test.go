package packaging

import "testing"

func TestRoleByName(t *testing.T) {
	for role, names := range map[Role][]string{
		Projector: {"mmproj-F16.gguf", "Model-MMPROJ-f16.GGUF", "model.mmproj", "sub/mmproj.gguf"},
		Adapter:   {"adapter_model.safetensors", "adapter_model.bin", "my-LoRA-F16.gguf"},
		Weights: {
			"m.gguf", "M.GGUF", "model.safetensors", "pytorch_model.bin", "a.pt", "a.pth", "a.onnx", "a.dduf",
			"mmproj.safetensors", "lora.safetensors", "tokenizer.bin", "lora/m.gguf",
		},
		Template:  {"chat_template.jinja", "chat_template.json", "x.JINJA"},
		Tokenizer: {"tokenizer.json", "tokenizer.model", "tokenizer_config.json", "vocab.json", "vocab.txt", "merges.txt", "cl100k.tiktoken", "spiece.model", "special_tokens_map.json", "added_tokens.json"},
		Config:    {"config.json", "generation_config.json", "model.safetensors.index.json", "params.yaml", "Modelfile", "Kitfile", "license.json"},
		License:   {"LICENSE", "LICENCE.txt", "license.md", "COPYING", "NOTICE.txt"},
		Doc:       {"README.md", "notes.txt"},
		Code:      {"modeling.py", "demo.ipynb"},
		Dataset:   {"train.parquet", "a.csv", "b.jsonl"},
		Other:     {"model", "template.gotmpl", "x.tar", ".gitattributes", "", "unlicensed"},
	} {
		for _, name := range names {
			if got := RoleByName(name); got != role {
				t.Errorf("%q: got %s, want %s", name, got, role)
			}
		}
	}
}

// The media type decides, except for what it has no word for.
func TestFamilyRole(t *testing.T) {
	for _, c := range []struct {
		mediaType, path string
		want            Role
	}{
		{"application/vnd.cncf.model.weight.v1.raw", "blob", Weights},
		{"application/vnd.cncf.model.weight.v1.raw", "notes.txt", Weights},
		{"application/vnd.cncf.model.weight.v1.raw", "mmproj.gguf", Projector},
		{"application/vnd.cncf.model.weight.v1.raw", "adapter_model.bin", Adapter},
		{"application/vnd.cncf.model.weight.v1.raw", "config.json", Config},
		{"application/vnd.cnai.model.weight.v1.raw", "blob", Weights},
		{"application/vnd.cncf.model.weight.config.v1.raw", "generation", Config},
		{"application/vnd.cncf.model.weight.config.v1.raw", "m.gguf", Config},
		{"application/vnd.cncf.model.weight.config.v1.raw", "tokenizer.model", Tokenizer},
		{"application/vnd.cncf.model.weight.config.v1.raw", "x.jinja", Template},
		{"application/vnd.cncf.model.doc.v1.raw", "LICENSE", License},
		{"application/vnd.cncf.model.doc.v1.raw", "m.gguf", Doc},
		{"application/vnd.cncf.model.code.v1.raw", "config.json", Code},
		{"application/vnd.cncf.model.dataset.v1.raw", "README.md", Dataset},
		{"application/octet-stream", "m.gguf", Weights},
		{"application/vnd.docker.ai.gguf.v3", "mmproj-x.gguf", Projector},
		{"application/vnd.docker.ai.mmproj", "x.gguf", Projector},
		{"application/vnd.docker.ai.gguf.v3.lora", "x.gguf", Adapter},
		{"application/vnd.docker.ai.license", "x", License},
		{"application/vnd.docker.ai.model.file", "tokenizer.json", Tokenizer},
		{"application/vnd.docker.ai.dduf", "x", Weights},
		{"application/x-mlmodel", "x", Weights},
	} {
		l := madeLayer(c.mediaType, "l", 1, "org.cncf.model.filepath", c.path, "org.opencontainers.image.title", "t")
		m := mustParse(t, madeManifest(t, l, titled("z.bin", "z", 1)))
		if f := m.Files[0]; f.Path != c.path || f.Role != c.want {
			t.Errorf("%s %s: got %s %s, want %s", c.mediaType, c.path, f.Path, f.Role, c.want)
		}
	}
}
