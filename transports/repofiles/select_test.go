package repofiles_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports/repofiles"
)

// The files of repositories as they are published, without what nobody would take for a model.
func repositories() map[string][]string {
	return map[string][]string{
		"one":    {"README.md", "config.json", "m-Q8_0.gguf", "m-Q4_K_M.gguf", "m-IQ2_XXS.gguf", "m-f16.gguf"},
		"lower":  {"qwen2.5-7b-instruct-q4_k_m-00001-of-00002.gguf", "qwen2.5-7b-instruct-q4_k_m-00002-of-00002.gguf", "qwen2.5-7b-instruct-q8_0.gguf"},
		"dots":   {"llama-2-7b.Q4_0.gguf", "llama-2-7b.Q5_K_S.gguf"},
		"under":  {"model_Q6_K.gguf", "phi-3-q4.gguf"},
		"eyes":   {"gemma_gemma-3-4b-it-Q4_K_M.gguf", "mmproj-gemma-bf16.gguf", "mmproj-gemma-f16.gguf", "mmproj-gemma-f32.gguf", "imatrix_unsloth.gguf"},
		"folder": {"Q8_0/M-Q8_0.gguf", "UD-Q4_K_XL/M-UD-Q4_K_XL-00001-of-00002.gguf", "UD-Q4_K_XL/M-UD-Q4_K_XL-00002-of-00002.gguf", "BF16/part-00001-of-00001.gguf", "mmproj-BF16.gguf"},
		"plain":  {"model.gguf", "README.md"},
		"two":    {"a-Q4_K_M.gguf", "b-Q4_K_M.gguf", "sub/c-Q8_0.gguf", "d-Q8_0.gguf"},
		"hole":   {"m-Q4_K_M-00001-of-00003.gguf", "m-Q4_K_M-00003-of-00003.gguf"},
		"gptoss": {"gpt-oss-20b-mxfp4.gguf", "gpt-oss-20b-F16.gguf"},
		"lora":   {"base-Q8_0.gguf", "my-lora-f16.gguf"},
		"safe": {
			".gitattributes", "README.md", "LICENSE", "config.json", "generation_config.json", "model-00001-of-00002.safetensors",
			"model-00002-of-00002.safetensors", "model.safetensors.index.json", "tokenizer.json", "tokenizer.model", "merges.txt",
			"chat_template.jinja", "modeling_x.py", "pytorch_model.bin", "original/consolidated.00.pth", "original/params.json",
			"onnx/model.onnx", "consolidated.safetensors", "figures/a.png", "1_Pooling/config.json", ".eval/x.json", "qwen.tiktoken",
		},
		"pickle": {"config.json", "pytorch_model.bin", "vocab.txt"},
		"both":   {"gemma-7b.gguf", "config.json", "model.safetensors"},
		"words":  {"README.md", "notes.txt"},
	}
}

func TestSelect(t *testing.T) {
	for _, c := range []struct{ repo, ref, want, tag string }{
		{"one", "o/r", "m-Q4_K_M.gguf", "Q4_K_M"},
		{"one", "o/r:latest", "m-Q4_K_M.gguf", "Q4_K_M"},
		{"one", "o/r:q8_0", "m-Q8_0.gguf", "Q8_0"},
		{"one", "o/r:F16@v1", "m-f16.gguf", "F16-v1"},
		{"one", "o/r/m-f16.gguf", "m-f16.gguf", "m-f16.gguf"},
		{"one", "o/r?include=*.json&include=*IQ2*", "config.json m-IQ2_XXS.gguf", "latest"},
		{"lower", "o/r", "qwen2.5-7b-instruct-q4_k_m-00001-of-00002.gguf qwen2.5-7b-instruct-q4_k_m-00002-of-00002.gguf", "Q4_K_M"},
		{"lower", "o/r/qwen2.5-7b-instruct-q4_k_m-00002-of-00002.gguf", "qwen2.5-7b-instruct-q4_k_m-00001-of-00002.gguf qwen2.5-7b-instruct-q4_k_m-00002-of-00002.gguf", "qwen2.5-7b-instruct-q4_k_m-00002-of-00002.gguf"},
		{"dots", "o/r", "llama-2-7b.Q4_0.gguf", "Q4_0"},
		{"under", "o/r:Q6_K", "model_Q6_K.gguf", "Q6_K"},
		{"under", "o/r:q4", "phi-3-q4.gguf", "Q4"},
		{"eyes", "o/r", "gemma_gemma-3-4b-it-Q4_K_M.gguf mmproj-gemma-f16.gguf", "Q4_K_M"},
		{"eyes", "o/r?exclude=mmproj*", "gemma_gemma-3-4b-it-Q4_K_M.gguf", "Q4_K_M"},
		{"folder", "o/r", "UD-Q4_K_XL/M-UD-Q4_K_XL-00001-of-00002.gguf UD-Q4_K_XL/M-UD-Q4_K_XL-00002-of-00002.gguf mmproj-BF16.gguf", "UD-Q4_K_XL"},
		{"folder", "o/r:BF16", "BF16/part-00001-of-00001.gguf mmproj-BF16.gguf", "BF16"},
		{"folder", "o/r/Q8_0", "Q8_0/M-Q8_0.gguf", "Q8_0"},
		{"folder", "o/r?include=BF16/", "BF16/part-00001-of-00001.gguf", "latest"},
		{"plain", "o/r", "model.gguf", "latest"},
		{"plain", "o/r@dev", "model.gguf", "dev"},
		{"two", "o/r:Q8_0", "d-Q8_0.gguf", "Q8_0"},
		{"gptoss", "o/r", "gpt-oss-20b-mxfp4.gguf", "MXFP4"},
		{"lora", "o/r", "base-Q8_0.gguf", "Q8_0"},
		{"safe", "o/r", "1_Pooling/config.json chat_template.jinja config.json generation_config.json merges.txt model-00001-of-00002.safetensors model-00002-of-00002.safetensors model.safetensors.index.json modeling_x.py qwen.tiktoken tokenizer.json tokenizer.model", "latest"},
		{"safe", "o/r?exclude=*.py&exclude=1_Pooling/", "chat_template.jinja config.json generation_config.json merges.txt model-00001-of-00002.safetensors model-00002-of-00002.safetensors model.safetensors.index.json qwen.tiktoken tokenizer.json tokenizer.model", "latest"},
		{"pickle", "o/r", "config.json pytorch_model.bin vocab.txt", "latest"},
		{"both", "o/r", "config.json model.safetensors", "latest"},
		{"both", "o/r/gemma-7b.gguf", "gemma-7b.gguf", "gemma-7b.gguf"},
	} {
		ref, err := repofiles.ParseRef(c.ref)
		if err != nil {
			t.Errorf("%s: %v", c.ref, err)
			continue
		}
		files := repositories()[c.repo]
		for range 2 { // in any order
			slices.Reverse(files)
			s, err := repofiles.Select(files, ref)
			if err != nil {
				t.Errorf("%s of %s: %v", c.ref, c.repo, err)
				continue
			}
			var got []string
			for _, f := range s.Files {
				got = append(got, f.Path)
			}
			if strings.Join(got, " ") != c.want || s.Ref.Tag() != c.tag {
				t.Errorf("%s of %s: tag %s, %q, want %s, %q", c.ref, c.repo, s.Ref.Tag(), got, c.tag, c.want)
			}
		}
	}
}

// What is taken of a folder is named as if the folder were the repository.
func TestSelectFolder(t *testing.T) {
	s, err := repofiles.Select(repositories()["folder"], &repofiles.Ref{Repository: "o/r", Path: "Q8_0"})
	if err != nil || len(s.Files) != 1 || s.Files[0] != (repofiles.Pick{Path: "Q8_0/M-Q8_0.gguf", As: "M-Q8_0.gguf"}) {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestSelectSays(t *testing.T) {
	s, err := repofiles.Select(repositories()["one"], &repofiles.Ref{Repository: "o/r"})
	if err != nil || !s.Defaulted || !slices.Equal(s.Others, []string{"Q8_0", "F16", "IQ2_XXS"}) || s.Format != "gguf" {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err = repofiles.Select(repositories()["safe"], &repofiles.Ref{Repository: "o/r"}); err != nil || s.Defaulted || s.Format != "safetensors" {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestSelectRefuses(t *testing.T) {
	for _, c := range []struct {
		repo, ref, says string
		kind            error
	}{
		{"one", "o/r:Q3_K_M", "no quantisation Q3_K_M: there are Q4_K_M, Q8_0, F16, IQ2_XXS", artifacts.ErrNotFound},
		{"safe", "o/r:Q4_K_M", "no GGUF files at all", artifacts.ErrNotFound},
		{"one", "o/r/x.gguf", `no file or folder "x.gguf": there are m-IQ2_XXS.gguf, m-Q4_K_M.gguf`, artifacts.ErrNotFound},
		{"two", "o/r", "several models, and nothing says which; name a path: there are a-Q4_K_M.gguf, b-Q4_K_M.gguf", artifacts.ErrAmbiguous},
		{"one", "o/r?include=*.bin", "no file matches *.bin", artifacts.ErrNotFound},
		{"one", "o/r?exclude=*", "every file of the model is excluded", nil},
		{"one", "o/r?include=[", "glob", artifacts.ErrInvalidName},
		{"hole", "o/r", "only 2 of the 3 parts of m-Q4_K_M.gguf", nil},
		{"words", "o/r", "no weights", nil},
	} {
		ref, err := repofiles.ParseRef(c.ref)
		if err != nil {
			t.Errorf("%s: %v", c.ref, err)
			continue
		}
		s, err := repofiles.Select(repositories()[c.repo], ref)
		if err == nil || !strings.Contains(err.Error(), c.says) || c.kind != nil && !errors.Is(err, c.kind) {
			t.Errorf("%s of %s: %+v, %v", c.ref, c.repo, s, err)
		}
	}
}
