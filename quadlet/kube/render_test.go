package kube

import (
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/gpu"
	"github.com/paddock-dev/paddock/tests/golden"
)

const (
	blob   = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
	pinned = "quay.io/org/smollm@" + blob
)

func testSpec() *workload.Spec {
	return &workload.Spec{
		Name: "smollm-135m", Model: pinned, ModelDigest: blob, Image: "ghcr.io/ggml-org/llama.cpp:server",
		Mounts: []workload.FileMount{{Destination: "/models", ImagePath: "/models"}},
		Args:   []string{"--model", "/models/smollm.gguf", "--lora", "/models/a/b.gguf", "--alias", "/modelsx", "--host", "0.0.0.0", "--port", "8080"},
		Host:   "127.0.0.1", Port: 9000,
		Health: workload.Health{
			Command: "curl http://127.0.0.1:8080/health", Interval: 30 * time.Second, Timeout: 5 * time.Second, StartPeriod: 1402 * time.Second, Retries: 3,
		},
	}
}

// cases are the specs of the golden files, by their names.
func cases() map[string]func(*workload.Spec, *Options) {
	return map[string]func(*workload.Spec, *Options){
		"image": func(_ *workload.Spec, o *Options) { o.User = 65532 },
		"artifact": func(s *workload.Spec, o *Options) {
			o.Volume = Artifact
			s.Mounts = []workload.FileMount{{Destination: "/models/smollm.gguf", Digest: blob}, {Destination: "/models/x", Title: "x"}}
		},
		"modelcar": func(s *workload.Spec, o *Options) {
			o.Volume, o.User = Modelcar, 65532
			s.Mounts[0].ImagePath = "/data/it's"
		},
		"gpu": func(s *workload.Spec, _ *Options) {
			s.Access = gpu.Access{Kind: gpu.AMD, Chosen: []gpu.Accelerator{{Kind: gpu.AMD}, {Kind: gpu.AMD}}, Nodes: []string{"/dev/kfd"}}
			s.Memory, s.CPUs = 12<<30, 1.5
			s.Env = []workload.EnvVar{{Name: "A", Value: "$(A) $$ $HOME"}, {Name: "EMPTY"}}
		},
		"vllm": func(s *workload.Spec, o *Options) {
			s.Runtime, s.Image, s.Args = workload.VLLM, "docker.io/vllm/vllm-openai:v0.11.0", []string{"--model", "/models"}
			s.Secrets = []workload.Secret{{Name: "chat-key", Env: "VLLM_API_KEY"}, {Name: "tls.pem"}, {Name: "hf", File: "/etc/hf/token"}}
			o.GPU = Resource{"nvidia.com/mig-1g.5gb", 1}
		},
		"kserve": func(_ *workload.Spec, o *Options) { o.Form = KServe },
		"kserve-native": func(s *workload.Spec, o *Options) {
			o.Form, o.Volume, o.Model = KServe, Image, "quay.io/org/smollm:1"
			s.Runtime = workload.VLLM
			s.Args = []string{"--model", "/models", "--lora-modules", "x=/models/x"}
			s.Secrets = []workload.Secret{{Name: "tls.pem"}}
		},
		"no-health": func(s *workload.Spec, _ *Options) { s.Health = workload.Health{} },
	}
}

var update = flag.Bool("update", false, "write the golden files")

func TestGolden(t *testing.T) {
	texts := map[string][]byte{}
	for name, change := range cases() {
		spec, opts := testSpec(), &Options{}
		change(spec, opts)
		got, err := Render(spec, opts)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		texts[name+".yaml"] = got
	}
	golden.Check(t, texts, *update)
}

func TestRefused(t *testing.T) {
	for says, change := range map[string]func(*workload.Spec, *Options){
		"lower case letters":   func(s *workload.Spec, _ *Options) { s.Name = "smollm.135m" },
		"not pinned":           func(s *workload.Spec, _ *Options) { s.Model = "quay.io/org/smollm:1" },
		"a network of its own": func(s *workload.Spec, _ *Options) { s.Network = "host" },
		"port 0":               func(s *workload.Spec, _ *Options) { s.Port = 0 },
		"is no image": func(s *workload.Spec, _ *Options) {
			s.Mounts = []workload.FileMount{{Destination: "/models/a", HostPath: "/a"}}
		},
		"no artifact": func(_ *workload.Spec, o *Options) { o.Volume = Artifact },
		"of single files": func(s *workload.Spec, o *Options) {
			o.Volume, s.MountSource, s.Mounts = Artifact, "localhost/derived:1", []workload.FileMount{{Destination: "/models/a", Digest: blob}}
		},
		"images only":       func(_ *workload.Spec, o *Options) { o.Form, o.Volume = KServe, Artifact },
		"takes /models":     func(s *workload.Spec, o *Options) { o.Form, s.Mounts[0].ImagePath = KServe, "/data" },
		`form "x"`:          func(_ *workload.Spec, o *Options) { o.Form = "x" },
		`volume "x"`:        func(_ *workload.Spec, o *Options) { o.Volume = "x" },
		"user -1":           func(_ *workload.Spec, o *Options) { o.User = -1 },
		`secret "Key"`:      func(s *workload.Spec, _ *Options) { s.Secrets = []workload.Secret{{Name: "Key", Env: "K"}} },
		"can be no key":     func(s *workload.Spec, _ *Options) { s.Secrets = []workload.Secret{{Name: "k", File: "/a/b c"}} },
		"a resource like":   func(_ *workload.Spec, o *Options) { o.GPU = Resource{"gpu", 1} },
		"no number of them": func(_ *workload.Spec, o *Options) { o.GPU = Resource{"nvidia.com/gpu", -1} },
		`kind "apple"`: func(s *workload.Spec, _ *Options) {
			s.Access = gpu.Access{Kind: gpu.Apple, Nodes: []string{"/dev/dri/renderD128"}}
		},
	} {
		spec, opts := testSpec(), &Options{}
		change(spec, opts)
		if got, err := Render(spec, opts); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v\n%s", says, err, got)
		}
	}
}

func TestName(t *testing.T) {
	long := strings.Repeat("a", 62)
	for name, want := range map[string]string{
		"smollm-135m": "smollm-135m", "Qwen2.5_7b": "qwen2-5-7b", "7b": "model-7b", "a.": "a", "-x": "model-x",
		long + ".b": long, "model-0": "model-0",
	} {
		got := Name(name)
		if got != want || ValidateName(got) != nil {
			t.Errorf("%q: got %q (%v), want %q", name, got, ValidateName(got), want)
		}
	}
	for _, bad := range []string{"", "A", "1a", "a.b", "a_b", "a-", "-a", "é", long + "aa"} {
		if ValidateName(bad) == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestParseResource(t *testing.T) {
	for text, want := range map[string]struct {
		Resource
		kind gpu.Kind
	}{
		"nvidia":                   {Resource{"nvidia.com/gpu", 1}, gpu.NVIDIA},
		"amd=8":                    {Resource{"amd.com/gpu", 8}, gpu.AMD},
		"ascend":                   {Resource{"huawei.com/Ascend910", 1}, gpu.Ascend},
		"huawei.com/Ascend310P=2":  {Resource{"huawei.com/Ascend310P", 2}, gpu.Ascend},
		"gpu.intel.com/xe":         {Resource{"gpu.intel.com/xe", 1}, gpu.Intel},
		"intel":                    {Resource{"gpu.intel.com/i915", 1}, gpu.Intel},
		"mthreads":                 {Resource{"mthreads.com/gpu", 1}, gpu.MooreThreads},
		"nvidia.com/mig-1g.5gb=3":  {Resource{"nvidia.com/mig-1g.5gb", 3}, gpu.NVIDIA},
		"habana.ai/gaudi":          {Resource{"habana.ai/gaudi", 1}, ""},
		"nvidia.com.evil.org/gpu1": {Resource{"nvidia.com.evil.org/gpu1", 1}, ""},
	} {
		got, kind, err := ParseResource(text)
		if err != nil || got != want.Resource || kind != want.kind {
			t.Errorf("%q: got %+v %q %v", text, got, kind, err)
		}
	}
	for _, bad := range []string{"", "apple", "nvidia=0", "nvidia=x", "nvidia=", "=1", "a/b/c", "nvidia.com/", "nvidia.com/gpu 1", "0"} {
		if got, _, err := ParseResource(bad); err == nil {
			t.Errorf("%q was read as %+v", bad, got)
		}
	}
}

func TestDefaultUser(t *testing.T) {
	for want, spec := range map[int64]*workload.Spec{
		65532: {Access: gpu.Access{Kind: gpu.NVIDIA, CDI: []string{"nvidia.com/gpu=0"}}},
		0:     {Access: gpu.Access{Kind: gpu.AMD, Nodes: []string{"/dev/kfd"}}},
	} {
		if got := DefaultUser(spec); got != want {
			t.Errorf("%+v: got %d", spec.Access, got)
		}
	}
	if DefaultUser(&workload.Spec{}) != 65532 || DefaultUser(&workload.Spec{Runtime: workload.VLLM}) != 0 {
		t.Error("without accelerators")
	}
}

func TestQuantities(t *testing.T) {
	for bytes, want := range map[int64]string{8 << 30: "8Gi", 1536 << 20: "1536Mi", 6<<20 + 1024: "6145Ki", 6<<20 + 1: "6291457", 5 << 40: "5120Gi"} {
		if got := memory(bytes); got != want {
			t.Errorf("%d: got %s", bytes, got)
		}
	}
	for n, want := range map[float64]string{1: "1", 1.5: "1500m", 0.01: "10m", 2.0001: "2001m", 0.1 + 0.2: "300m"} {
		if got := cpus(n); got != want {
			t.Errorf("%v: got %s, want %s", n, got, want)
		}
	}
}
