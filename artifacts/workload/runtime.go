package workload

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// Runtime is the program that serves a model.
type Runtime string

// The runtimes. Auto, also as "", is llama.cpp for a model that is a file, and vLLM for one that is a directory.
const (
	Auto     Runtime = "auto"
	LlamaCPP Runtime = "llama.cpp"
	VLLM     Runtime = "vllm"
)

// Runtimes returns every Runtime that may be asked for.
func Runtimes() []Runtime { return []Runtime{Auto, LlamaCPP, VLLM} }

func validRuntime(r Runtime) error {
	if r == "" || slices.Contains(Runtimes(), r) {
		return nil
	}
	return fmt.Errorf("runtime %q: it must be %s, %s or %s", r, Auto, LlamaCPP, VLLM)
}

// runtimeFor says which runtime serves the model: the one that was asked for, if it can, else the one that can. The error
// wraps packaging.ErrUnservable.
func runtimeFor(m *artifacts.Model, asked Runtime) (Runtime, error) {
	p := &m.Packaging
	if p.Unservable != nil {
		return "", p.Unservable
	}
	if p.Main == "" {
		return "", fmt.Errorf("%w: it has no weights", packaging.ErrUnservable)
	}
	isFile := slices.ContainsFunc(p.Files, func(f packaging.File) bool { return f.Path == p.Main })
	ext := strings.ToLower(path.Ext(p.Main))
	switch {
	case !isFile && asked == LlamaCPP:
		return "", fmt.Errorf("%w: its weights are the directory %q, and llama.cpp serves single files (GGUF) only; vLLM serves directories",
			packaging.ErrUnservable, p.Main)
	case !isFile:
		return VLLM, nil
	case asked == VLLM:
		return "", fmt.Errorf("%w: its weights are the file %q, and vLLM is given directories (safetensors) only; llama.cpp serves GGUF",
			packaging.ErrUnservable, p.Main)
	case slices.Contains([]string{".safetensors", ".onnx", ".dduf", ".pt", ".pth"}, ext):
		return "", fmt.Errorf("%w: its weights are the file %q, and llama.cpp serves GGUF only", packaging.ErrUnservable, p.Main)
	}
	return LlamaCPP, nil
}

// image returns the server's image for a runtime.
func (o *Options) image(r Runtime) (string, error) {
	if r != VLLM {
		return o.Image, nil
	}
	if o.VLLMImage == "" {
		return "", fmt.Errorf("%w: it is served by vLLM, of which no image is set", packaging.ErrUnservable)
	}
	return o.VLLMImage, nil
}
