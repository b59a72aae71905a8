package packaging

import (
	"fmt"
	"strings"
)

// dockerKind is what a layer type of Docker's says.
type dockerKind struct {
	family   Role
	fallback string // Docker's own name for a file without one; "" for the blob's
	series   string // extension of the files that are numbered when there are several; "" if they are not
}

// dockerKindOf reads a layer type, as the code writes it (docker/model-runner, types/config.go) and as the
// specification spells it (docker/model-spec), and Docker's names (bundle/unpack.go).
func dockerKindOf(mediaType string) dockerKind {
	t := strings.TrimPrefix(mediaType, dockerAIPrefix)
	switch {
	case t == "mmproj", strings.HasSuffix(t, ".mmproj"):
		return dockerKind{family: Projector, fallback: "model.mmproj"}
	case strings.HasSuffix(t, ".lora"):
		return dockerKind{family: Adapter, fallback: "adapter.gguf"}
	case t == "gguf", strings.HasPrefix(t, "gguf."):
		return dockerKind{family: Weights, series: ".gguf"}
	case t == "safetensors":
		return dockerKind{family: Weights, series: ".safetensors"}
	case t == "dduf":
		return dockerKind{family: Weights, fallback: "model.dduf"}
	case t == "chat.template.jinja":
		return dockerKind{family: Template, fallback: "template.jinja"}
	case t == "license":
		return dockerKind{family: License, fallback: "LICENSE"}
	case t == "vllm.config.tar":
		return dockerKind{family: Config, fallback: "vllm-config.tar"}
	}
	return dockerKind{}
}

// readDocker reads Docker's AI models. The ones of config v0.1 name no files: weights are then numbered in the order of
// the manifest, which is the order of the shards.
func readDocker(doc *document) (*reading, error) {
	r := &reading{format: Docker, entries: make([]entry, len(doc.Layers))}
	total, seen := map[string]int{}, map[string]int{}
	for i := range doc.Layers {
		total[dockerKindOf(doc.Layers[i].MediaType).series]++
	}
	for i := range doc.Layers {
		l := &doc.Layers[i]
		e, err := modelPackEntry(l)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrInvalidManifest, doc.label(i), err)
		}
		if !strings.HasPrefix(l.MediaType, dockerAIPrefix) {
			r.entries[i] = e
			continue
		}
		kind := dockerKindOf(l.MediaType)
		seen[kind.series]++
		e.family, e.encoding = kind.family, encodingOf(l.MediaType)
		e.fallback = kind.name(l, seen[kind.series], total[kind.series])
		r.entries[i] = e
	}
	return r, nil
}

// name returns the name of the nth of total layers of the kind.
func (k dockerKind) name(l *layer, n, total int) string {
	switch {
	case k.series != "" && total == 1:
		return "model" + k.series
	case k.series != "":
		return fmt.Sprintf("model-%05d-of-%05d%s", n, total, k.series)
	case k.fallback != "":
		return k.fallback
	}
	return l.blobName()
}
