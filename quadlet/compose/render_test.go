package compose

import (
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/gpu"
	"github.com/paddock-dev/paddock/tests/golden"
)

const blob = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

func testSpec() *workload.Spec {
	return &workload.Spec{
		Name: "SmolLM.135m", Model: "quay.io/org/smollm:1", ModelDigest: blob, Image: "ghcr.io/ggml-org/llama.cpp:server",
		Mounts: []workload.FileMount{{Destination: "/models/smollm.gguf", HostPath: "/store/blob"}},
		Args:   []string{"--model", "/models/smollm.gguf", "--alias", "$HOME ${X}", "--port", "8080"},
		Host:   "127.0.0.1", Port: 9000,
		Health: workload.Health{
			Command: "curl http://127.0.0.1:8080/health", Interval: 30 * time.Second, StartupInterval: 2 * time.Second, Timeout: 5 * time.Second,
			StartPeriod: 602 * time.Second, Retries: 3,
		},
	}
}

// cases are the specs of the golden files, by their names.
func cases() map[string]func(*workload.Spec, *Options) {
	image := []workload.FileMount{{Destination: "/models", ImagePath: "/models"}}
	return map[string]func(*workload.Spec, *Options){
		"files":        func(*workload.Spec, *Options) {},
		"image":        func(s *workload.Spec, o *Options) { s.Mounts, o.StartInterval = image, true },
		"image-podman": func(s *workload.Spec, o *Options) { s.Mounts, o.Podman = image, true },
		"accelerators": func(s *workload.Spec, o *Options) {
			s.Access = gpu.Access{
				Kind: gpu.Ascend, CDI: []string{"huawei.com/npu=0"}, Nodes: []string{"/dev/davinci0"}, Mounts: []string{"/usr/local/Ascend/driver"},
				KeepGroups: true, LabelDisable: true,
			}
			s.Memory, s.CPUs, s.Network = 8<<30, 2.5, "web"
			s.Env = []workload.EnvVar{{Name: "A", Value: "$B"}, {Name: "EMPTY"}}
		},
		"gpus": func(s *workload.Spec, _ *Options) {
			s.Access, s.Network = gpu.Access{Kind: gpu.NVIDIA, GPUs: "device=0,1"}, "host"
		},
		"all-gpus": func(s *workload.Spec, o *Options) {
			s.Access, o.Model = gpu.Access{Kind: gpu.NVIDIA, GPUs: "all"}, "a:1"
		},
		"no-health": func(s *workload.Spec, _ *Options) { s.Health, s.Network = workload.Health{}, "container:x" },
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
	for says, change := range map[string]func(*workload.Spec){
		"knows no artifacts":       func(s *workload.Spec) { s.Mounts = []workload.FileMount{{Destination: "/models/a", Digest: blob}} },
		"port 0":                   func(s *workload.Spec) { s.Port = 0 },
		`network "web:ip=1.2.3.4"`: func(s *workload.Spec) { s.Network = "web:ip=1.2.3.4" },
		`network "a,b"`:            func(s *workload.Spec) { s.Network = "a,b" },
		"the secret k":             func(s *workload.Spec) { s.Secrets = []workload.Secret{{Name: "k"}} },
	} {
		spec := testSpec()
		change(spec)
		if got, err := Render(spec, nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v\n%s", says, err, got)
		}
	}
}
