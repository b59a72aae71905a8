package safetensors_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts/safetensors"
)

func TestReadConfig(t *testing.T) {
	for _, c := range []struct {
		json string
		want safetensors.Config
	}{
		{`{}`, safetensors.Config{}},
		{`{"architectures":["A","B"],"model_type":"a","max_position_embeddings":4096,"torch_dtype":"float16"}`,
			safetensors.Config{Architectures: []string{"A", "B"}, ModelType: "a", ContextLength: 4096, DType: "float16"}},
		{`{"dtype":"bfloat16","torch_dtype":"float32","quantization_config":{"quant_method":"awq","bits":4}}`,
			safetensors.Config{DType: "bfloat16", Quantization: "awq"}},
		{`{"model_type":"gemma3","text_config":{"model_type":"gemma3_text","max_position_embeddings":131072,"dtype":"bfloat16","quantization_config":{"quant_method":"fp8"}}}`,
			safetensors.Config{ModelType: "gemma3", ContextLength: 131072, DType: "bfloat16", Quantization: "fp8"}},
		{`{"max_position_embeddings":10,"torch_dtype":"a","text_config":{"max_position_embeddings":20,"dtype":"b"}}`,
			safetensors.Config{ContextLength: 10, DType: "a"}},
		{`{"architectures":null,"max_position_embeddings":null,"quantization_config":null,"text_config":null}`, safetensors.Config{}},
		{`{"max_position_embeddings":2048.0,"time_step_limit":[0.0,Infinity,-Infinity,NaN],"model_type":"say \"NaN\""}`,
			safetensors.Config{ContextLength: 2048, ModelType: `say "NaN"`}},
		{"\ufeff" + `{"model_type":"bom"}`, safetensors.Config{ModelType: "bom"}},
	} {
		got, err := safetensors.ReadConfig(strings.NewReader(c.json))
		if err != nil || !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%s: got %+v, %v", c.json, got, err)
		}
	}
}

func TestReadConfigRefuses(t *testing.T) {
	for _, s := range []string{
		"", "[]", "{", `{"max_position_embeddings":-1}`, `{"max_position_embeddings":1.5}`, `{"max_position_embeddings":1e30}`,
		`{"max_position_embeddings":"x"}`, `{"model_type":3}`, `{"model_type":"NaN`, `{"a":nan}`,
		`{"architectures":[` + strings.Repeat(`"a",`, 100) + `"a"]}`,
		`{"a":"` + strings.Repeat("x", 5<<20) + `"}`,
		strings.Repeat(`{"text_config":`, 20_000) + "{}" + strings.Repeat("}", 20_000),
	} {
		if c, err := safetensors.ReadConfig(strings.NewReader(s)); err == nil {
			t.Errorf("%.60s: got %+v", s, c)
		}
	}
}
