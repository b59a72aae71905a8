package workload

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

const vllmImage = "docker.io/vllm/vllm-openai:v1"

// directory is a safetensors model whose main is a folder.
func directory(main string, files ...packaging.File) *artifacts.Model {
	m := testModel(files...)
	m.Packaging.Main = main
	return m
}

func TestVLLM(t *testing.T) {
	for _, c := range []struct {
		model *artifacts.Model
		want  string
	}{
		{directory(".", file("model.safetensors", packaging.Weights), file("config.json", packaging.Config)),
			"--model /models --served-model-name smollm:135m --max-model-len 4096 --host 0.0.0.0 --port 8080 --tensor-parallel-size 2"},
		{directory("d/m", file("d/m/model-00001-of-00001.safetensors", packaging.Weights), file("d/m/chat_template.jinja", packaging.Template),
			file("a/fr/adapter_model.safetensors", packaging.Adapter), file("a/fr/adapter_config.json", packaging.Config),
			file("b/adapter_model.safetensors", packaging.Adapter)), // no vLLM loads it without its config
			"--model /models/d/m --served-model-name smollm:135m --chat-template /models/d/m/chat_template.jinja" +
				" --enable-lora --lora-modules fr=/models/a/fr --max-model-len 4096 --host 0.0.0.0 --port 8080 --tensor-parallel-size 2"},
	} {
		s, err := FromModel(c.model, &Options{Image: image, VLLMImage: vllmImage, CtxSize: 4096, Env: []EnvVar{{"HOME", "/home"}},
			Params: &Params{CtxSize: 1, Args: []string{"--temp", "1"}}, ServerArgs: []string{"--tensor-parallel-size", "2"}})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(s.Args, " "); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
		env := []EnvVar{{"HF_HUB_OFFLINE", "1"}, {"VLLM_NO_USAGE_STATS", "1"}, {"HOME", "/home"}}
		if s.Image != vllmImage || s.Runtime != VLLM || !reflect.DeepEqual(s.Env, env) || !strings.HasSuffix(s.Health.Command, "/health") {
			t.Errorf("got %+v", s)
		}
	}
}

func TestRuntimes(t *testing.T) {
	gguf, folder := testModel(file("m.gguf", packaging.Weights)), directory(".", file("m.safetensors", packaging.Weights))
	for _, c := range []struct {
		model *artifacts.Model
		asked Runtime
		want  Runtime
		says  string
	}{
		{gguf, "", LlamaCPP, ""}, {gguf, Auto, LlamaCPP, ""}, {gguf, LlamaCPP, LlamaCPP, ""}, {gguf, VLLM, "", "llama.cpp serves GGUF"},
		{folder, "", VLLM, ""}, {folder, Auto, VLLM, ""}, {folder, VLLM, VLLM, ""}, {folder, LlamaCPP, "", "vLLM serves directories"},
		{testModel(file("model", packaging.Weights)), "", LlamaCPP, ""},
		{testModel(file("m.onnx", packaging.Weights)), "", "", "llama.cpp serves GGUF only"},
		{testModel(file("m.dduf", packaging.Weights)), LlamaCPP, "", "llama.cpp serves GGUF only"},
	} {
		s, err := FromModel(c.model, &Options{Image: image, VLLMImage: vllmImage, Runtime: c.asked})
		if c.want == "" {
			if !errors.Is(err, packaging.ErrUnservable) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s by %q: %v", c.model.Packaging.Main, c.asked, err)
			}
			continue
		}
		if err != nil || s.Runtime != c.want || (s.Image == image) != (c.want == LlamaCPP) {
			t.Errorf("%s by %q: %+v, %v", c.model.Packaging.Main, c.asked, s, err)
		}
	}
	if _, err := FromModel(folder, &Options{Image: image}); !errors.Is(err, packaging.ErrUnservable) || !strings.Contains(err.Error(), "no image") {
		t.Errorf("without an image: %v", err)
	}
	if err := (&Options{Image: image, Runtime: "tgi"}).Validate(); err == nil || !strings.Contains(err.Error(), `"tgi"`) {
		t.Errorf("an unknown runtime: %v", err)
	}
}

func TestParams(t *testing.T) {
	p, err := ParseParams([]byte(`{"stop":["<|im_end|>"],"num_ctx":8192,"temperature":0.70,"top_k":20,"top_p":1e-1,"min_p":0,
		"repeat_penalty":1.1,"seed":42,"num_predict":-1,"num_gpu":99}`))
	if err != nil {
		t.Fatal(err)
	}
	want := "--min-p 0 --predict -1 --repeat-penalty 1.1 --seed 42 --temp 0.70 --top-k 20 --top-p 1e-1"
	if got := strings.Join(p.Args, " "); got != want || p.CtxSize != 8192 || strings.Join(p.Ignored, " ") != "num_gpu stop" {
		t.Errorf("got %q, %+v", got, p)
	}
	m := testModel(file("m.gguf", packaging.Weights))
	for _, c := range []struct {
		ctx  int
		want string
	}{{0, "--ctx-size 8192"}, {512, "--ctx-size 512"}} {
		s, err := FromModel(m, &Options{Image: image, CtxSize: c.ctx, Params: p, ServerArgs: []string{"--seed", "1"}})
		if line := strings.Join(s.Args, " "); err != nil || !strings.Contains(line, c.want) || !strings.HasSuffix(line, want+" --seed 1") {
			t.Errorf("got %s, %v", line, err)
		}
	}
}

func TestParamsRefuses(t *testing.T) {
	for _, c := range []struct{ data, says string }{
		{``, "parameters"}, {`[]`, "parameters"}, {`{"temperature":"--model"}`, "temperature"}, {`{"num_ctx":-1}`, "num_ctx"}, {`{"num_ctx":0.5}`, "num_ctx"},
		{`{"seed":null}`, "seed"}, {`{"top_k":[1]}`, "top_k"}, {`{"top_p":1e999}`, "top_p"}, {strings.Repeat(" ", MaxParams+1), "limit"},
	} {
		if p, err := ParseParams([]byte(c.data)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%.40s: %+v, %v", c.data, p, err)
		}
	}
}

func FuzzParseParams(f *testing.F) {
	f.Add([]byte(`{"stop":["x"],"num_ctx":8192,"temperature":0.7}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParseParams(data)
		if err != nil {
			return
		}
		if p.CtxSize < 0 || len(p.Args)%2 != 0 {
			t.Errorf("%+v", p)
		}
		for i, a := range p.Args {
			if isFlag := strings.HasPrefix(a, "--"); isFlag != (i%2 == 0) || validText("argument", a) != nil {
				t.Errorf("argument %d is %q", i, a)
			}
		}
	})
}

// TestExplainLoad: lines of a llama-server that could not load, measured.
func TestExplainLoad(t *testing.T) {
	for _, c := range []struct{ line, why string }{
		{"llama_model_load: error loading model: illegal split file idx: 1 (file: /models/m-00002-of-00003.gguf), model must be loaded with the first split", "another shard"},
		{"llama_model_load: error loading model: invalid split file name: /models/sha256-3ae9", "names"},
		{"gguf_init_from_file: failed to open GGUF file '/models/m-00003-of-00003.gguf'", "not there ('/models/m-00003-of-00003.gguf')"},
		{"llama_model_load: error loading model: tensor 'blk.1.ffn_up.weight' data is not within the file bounds, model is corrupted or incomplete", "too early"},
		{"gguf_init_from_reader: failed to read magic", "no GGUF file"},
		{"llama_model_load: error loading model: error loading model architecture: unknown model architecture: 'nova'", "('nova')"},
		{"main: server is listening on http://0.0.0.0:8080", ""},
	} {
		e := ExplainLoad(c.line)
		if (e == nil) != (c.why == "") || e != nil && !strings.Contains(e.Why, c.why) {
			t.Errorf("%s: %+v", c.line, e)
		}
	}
}
