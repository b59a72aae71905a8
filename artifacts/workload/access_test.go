package workload

import (
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/gpu"
)

// TestAccess: a model is put on the accelerator unless the user says how much of it, and the user's variables win.
func TestAccess(t *testing.T) {
	a := gpu.Access{Kind: gpu.WSL, Nodes: []string{"/dev/dxg"}, Env: []string{"LD_LIBRARY_PATH=/usr/lib/wsl/lib", "X=1"}}
	for _, c := range []struct {
		access gpu.Access
		user   []string
		layers string
	}{
		{a, nil, "--n-gpu-layers 999"}, {gpu.Access{}, nil, ""}, {a, []string{"-ngl", "5"}, ""}, {a, []string{"--n-gpu-layers=5"}, ""}, {a, []string{"--gpu-layers", "5"}, ""},
	} {
		s, err := FromModel(testModel(file("m.gguf", packaging.Weights)), &Options{Image: image, Access: c.access, ServerArgs: c.user, Env: []EnvVar{{"X", "2"}}})
		if err != nil {
			t.Fatal(err)
		}
		if line := strings.Join(s.Args, " "); c.layers == "" == strings.Contains(line, "999") {
			t.Errorf("%+v: got %s", c, line)
		}
		if want := len(c.access.Nodes) + 1; len(s.Env) != want || s.Env[len(s.Env)-1] != (EnvVar{"X", "2"}) {
			t.Errorf("%+v: got %v", c, s.Env)
		}
	}
}

func TestImages(t *testing.T) {
	one := func(a gpu.Accelerator) *gpu.Access {
		return &gpu.Access{Kind: a.Kind, Chosen: []gpu.Accelerator{a}, Nodes: []string{"/dev/x"}}
	}
	two := one(gpu.Accelerator{Kind: gpu.NVIDIA})
	two.Chosen = append(two.Chosen, gpu.Accelerator{Kind: gpu.Intel})
	for _, c := range []struct {
		access        *gpu.Access
		arch, version string
		want          string
	}{
		{&gpu.Access{}, "amd64", "", "ghcr.io/ggml-org/llama.cpp:server"},
		{&gpu.Access{}, "arm64", "b6123", "ghcr.io/ggml-org/llama.cpp:server-b6123"},
		{one(gpu.Accelerator{Kind: gpu.NVIDIA}), "arm64", "", "ghcr.io/ggml-org/llama.cpp:server-cuda"},
		{one(gpu.Accelerator{Kind: gpu.NVIDIA}), "amd64", "b6123", "ghcr.io/ggml-org/llama.cpp:server-cuda-b6123"},
		{&gpu.Access{Kind: gpu.NVIDIA, CDI: []string{"nvidia.com/gpu=all"}}, "amd64", "", "ghcr.io/ggml-org/llama.cpp:server-cuda"},
		{&gpu.Access{CDI: []string{"example.com/npu=x"}}, "amd64", "", "ghcr.io/ggml-org/llama.cpp:server"},
		{one(gpu.Accelerator{Kind: gpu.AMD, Arch: "gfx1100"}), "amd64", "", "ghcr.io/ggml-org/llama.cpp:server-rocm"},
		{one(gpu.Accelerator{Kind: gpu.AMD}), "amd64", "", "ghcr.io/ggml-org/llama.cpp:server-vulkan"},
		{one(gpu.Accelerator{Kind: gpu.AMD, Arch: "gfx1100"}), "arm64", "", "ghcr.io/ggml-org/llama.cpp:server-vulkan"},
		{one(gpu.Accelerator{Kind: gpu.Intel}), "amd64", "", "ghcr.io/ggml-org/llama.cpp:server-intel"},
		{one(gpu.Accelerator{Kind: gpu.Intel, Shared: true}), "amd64", "", "ghcr.io/ggml-org/llama.cpp:server-vulkan"},
		{one(gpu.Accelerator{Kind: gpu.MooreThreads}), "amd64", "", "ghcr.io/ggml-org/llama.cpp:server-musa"},
		{one(gpu.Accelerator{Kind: gpu.Apple}), "arm64", "", "ghcr.io/ggml-org/llama.cpp:server-vulkan"},
		{one(gpu.Accelerator{Kind: gpu.WSL, NeedsCDI: true}), "amd64", "", "ghcr.io/ggml-org/llama.cpp:server-cuda"},
		{one(gpu.Accelerator{Kind: gpu.WSL}), "amd64", "", "ghcr.io/ggml-org/llama.cpp:server-vulkan"},
		{one(gpu.Accelerator{Kind: gpu.Ascend}), "arm64", "", ""},
		{two, "amd64", "", "ghcr.io/ggml-org/llama.cpp:server-vulkan"},
	} {
		if got := LlamaImage(c.access, c.arch, c.version); got != c.want {
			t.Errorf("%+v on %s: got %s, want %s", c.access, c.arch, got, c.want)
		}
	}
	for _, k := range gpu.Kinds() {
		if image := VLLMImage(k); image != "" && validImage(image) != nil {
			t.Errorf("%s: %s", k, image)
		}
	}
}
