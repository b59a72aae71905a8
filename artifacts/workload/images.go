package workload

import (
	"slices"

	"github.com/paddock-dev/paddock/gpu"
)

// llamaCPP is where llama.cpp publishes its server (llama.cpp, docs/docker.md). Its tags move; tags with "-bNNNN" behind do not.
const llamaCPP = "ghcr.io/ggml-org/llama.cpp:server"

// LlamaImage returns the upstream image of llama.cpp's server for what a container is given, on a machine of an architecture in
// Go's words. version is a build as "b6123", "" for the newest. It returns "" if upstream publishes no image that could use it.
func LlamaImage(a *gpu.Access, goarch, version string) string {
	variant, ok := llamaVariant(a, goarch)
	if !ok {
		return ""
	}
	image := llamaCPP + variant
	if version != "" {
		image += "-" + version
	}
	return image
}

func llamaVariant(a *gpu.Access, goarch string) (variant string, ok bool) {
	if !a.Passed() || a.Kind == "" {
		return "", true
	}
	one := !slices.ContainsFunc(a.Chosen, func(c gpu.Accelerator) bool { return c.Kind != a.Kind })
	every := func(is func(*gpu.Accelerator) bool) bool {
		return !slices.ContainsFunc(a.Chosen, func(c gpu.Accelerator) bool { return !is(&c) })
	}
	switch {
	case a.Kind == gpu.Ascend:
		return "", false // its image is built by its users (docs/backend/CANN.md)
	case !one:
		return "-vulkan", true
	case a.Kind == gpu.NVIDIA, a.Kind == gpu.WSL && every(func(c *gpu.Accelerator) bool { return c.NeedsCDI }):
		return "-cuda", true
	case a.Kind == gpu.AMD && goarch == "amd64" && every(func(c *gpu.Accelerator) bool { return c.Arch != "" }):
		return "-rocm", true
	case a.Kind == gpu.Intel && goarch == "amd64" && every(func(c *gpu.Accelerator) bool { return !c.Shared }):
		return "-intel", true
	case a.Kind == gpu.MooreThreads:
		return "-musa", true
	}
	return "-vulkan", true
}

// VLLMImage returns the upstream image of vLLM for a kind of accelerator, "" of none; "" if upstream publishes none (vLLM,
// docs/getting_started/installation, and its plugin vllm-ascend).
func VLLMImage(kind gpu.Kind) string {
	switch kind {
	case gpu.NVIDIA, gpu.WSL:
		return "docker.io/vllm/vllm-openai:v0.11.0"
	case gpu.AMD:
		return "docker.io/vllm/vllm-openai-rocm:latest"
	case gpu.Ascend:
		return "quay.io/ascend/vllm-ascend:latest"
	case "":
		return "docker.io/vllm/vllm-openai-cpu:latest"
	}
	return ""
}
