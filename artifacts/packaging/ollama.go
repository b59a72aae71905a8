package packaging

import (
	"cmp"
	"fmt"
	"strings"
)

// ollamaKind is a layer type of Ollama's, without its prefix.
type ollamaKind struct {
	role     Role
	fallback string
}

// ollamaKinds returns the layer types (ollama, server/images.go) and the names that their files get here, since Ollama
// has none. The template is a Go template, which only Ollama understands; its extension tells it from Jinja.
func ollamaKinds() map[string]ollamaKind {
	return map[string]ollamaKind{
		"model":     {Weights, "model.gguf"},
		"projector": {Projector, "mmproj.gguf"},
		"adapter":   {Adapter, "adapter.gguf"},
		"draft":     {Draft, "draft.gguf"},
		"template":  {Template, "template.gotmpl"},
		"prompt":    {Template, "template.gotmpl"},
		"params":    {Params, "params.json"},
		"system":    {Other, "system.txt"},
		"messages":  {Other, "messages.json"},
		"license":   {License, "LICENSE"},
		"tensor":    {Weights, ""},
		"json":      {Config, ""},
	}
}

// readOllama reads the manifests of Ollama's registry, and of the others that speak its protocol. A name is taken from
// the descriptor's own name field, which only the tensor form has, or from the title that OCIForm gives.
func readOllama(doc *document) *reading {
	r := &reading{format: Ollama, entries: make([]entry, len(doc.Layers))}
	kinds := ollamaKinds()
	for i := range doc.Layers {
		l := &doc.Layers[i]
		name, _ := strings.CutPrefix(l.MediaType, ollamaPrefix)
		kind, known := kinds[name]
		if !known {
			kind.role = Other
		}
		if kind.fallback == "" {
			kind.fallback = l.blobName()
		}
		r.entries[i] = entry{name: cmp.Or(l.Name, l.title()), fallback: kind.fallback, role: kind.role, encoding: Raw}
		if name == "tensor" && r.blocked == "" {
			r.blocked = fmt.Sprintf("%s of type %s holds single tensors, which only Ollama reads", doc.label(i), l.MediaType)
		}
	}
	return r
}
