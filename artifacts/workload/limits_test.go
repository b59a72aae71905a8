package workload

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts/packaging"
)

func TestParseSecret(t *testing.T) {
	for text, want := range map[string]Secret{
		"key": {Name: "key"}, "key,type=mount": {Name: "key"}, "key,target=a.txt": {Name: "key", File: "a.txt"},
		"key,type=env": {Name: "key", Env: "key"}, "key,type=env,target=API_KEY": {Name: "key", Env: "API_KEY"}, "k-1.x,target=/etc/x,type=mount": {Name: "k-1.x", File: "/etc/x"},
	} {
		if got, err := ParseSecret(text); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "-k", "a b", "a/b", "a=b", "k,", "k,type=file", "k,mode=0400", "k,target=", "k-1,type=env", "k,type=env,target=A B", "k,target=/models/a.gguf", "k,target=a\nb",
		strings.Repeat("k", 254),
	} {
		if got, err := ParseSecret(text); err == nil {
			t.Errorf("%q: got %+v", text, got)
		}
	}
}

// TestAPIKey: the key is where the runtime looks for it, and nothing else is.
func TestAPIKey(t *testing.T) {
	weights := file("m.gguf", packaging.Weights)
	opts := &Options{Image: image, APIKeySecret: "key", Secrets: []Secret{{Name: "other"}}, Memory: 1 << 30, CPUs: 1.5}
	s, err := FromModel(testModel(weights), opts)
	if err != nil || !reflect.DeepEqual(s.Secrets, []Secret{{Name: "other"}, {Name: "key", Env: "LLAMA_API_KEY"}}) || s.Memory != 1<<30 || s.CPUs != 1.5 {
		t.Errorf("got %+v, %v", s, err)
	}
	if len(opts.Secrets) != 1 || !reflect.DeepEqual(opts.SecretNames(), []string{"other", "key"}) {
		t.Errorf("the options were changed: %+v", opts)
	}
	if v := keyVariable(VLLM); v != "VLLM_API_KEY" {
		t.Errorf("vLLM: %s", v)
	}
	for says, change := range map[string]func(*Options){
		"LLAMA_API_KEY is set already": func(o *Options) { o.Env = []EnvVar{{"LLAMA_API_KEY", "x"}} },
		"variable A is set already":    func(o *Options) { o.Secrets = []Secret{{Name: "a", Env: "A"}, {Name: "b", Env: "A"}} },
		`secret "a b"`:                 func(o *Options) { o.APIKeySecret = "a b" },
		"must not be below 6m":         func(o *Options) { o.Memory = 1 << 20 },
		"-1":                           func(o *Options) { o.Memory = -1 },
		"at least 0.01":                func(o *Options) { o.CPUs = math.NaN() },
		"processors -1":                func(o *Options) { o.CPUs = -1 },
	} {
		o := *opts
		change(&o)
		if _, err := FromModel(testModel(weights), &o); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %s, got %v", says, err)
		}
	}
}

func TestLimitTexts(t *testing.T) {
	for bytes, want := range map[int64]string{0: "0b", 1: "1b", 1024: "1k", 1536 << 20: "1536m", 8 << 30: "8g", 1 << 40: "1024g", 1<<30 + 1: "1073741825b"} {
		if got := MemoryText(bytes); got != want {
			t.Errorf("%d: got %s", bytes, got)
		}
	}
	if got := CPUsText(2.5) + CPUsText(4) + CPUsText(0.1); got != "2.540.1" {
		t.Errorf("got %s", got)
	}
}
