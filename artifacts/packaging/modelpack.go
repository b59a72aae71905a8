package packaging

import (
	"fmt"
	"strings"
)

// readModelPack reads CNCF ModelPack (model-spec, docs/spec.md), its releases under the cnai names, and everything that
// only says it is ModelPack: RamaLama's artifacts, whose layers have the types that Podman sniffed.
func readModelPack(doc *document) (*reading, error) {
	r := &reading{format: ModelPack, entries: make([]entry, len(doc.Layers))}
	for i := range doc.Layers {
		e, err := modelPackEntry(&doc.Layers[i])
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrInvalidManifest, doc.label(i), err)
		}
		r.entries[i] = e
	}
	return r, nil
}

func modelPackEntry(l *layer) (entry, error) {
	name, err := l.fileName()
	if err != nil {
		return entry{}, err
	}
	t := l.modelType()
	e := entry{name: name, fallback: l.blobName(), family: modelPackFamily(t), encoding: Raw}
	e.role = parseRole(l.Annotations[roleAnnotation])
	switch {
	case l.unpacks():
		e.encoding = TarGzip
	case isModelPack(t), isRootfs(t) && name == "":
		// An image's layer type on a file with a name proves nothing: it is what oras gives to every file.
		e.encoding = encodingOf(t)
	}
	return e, nil
}

// modelPackFamily returns what a layer's type says of its files (model-spec, specs-go/v1/mediatype.go).
func modelPackFamily(mediaType string) Role {
	rest, ok := strings.CutPrefix(mediaType, modelPackPrefix)
	if !ok {
		rest, ok = strings.CutPrefix(mediaType, modelPackOldPrefix)
	}
	if !ok {
		return ""
	}
	switch {
	case strings.HasPrefix(rest, "weight.config."):
		return Config
	case strings.HasPrefix(rest, "weight."):
		return Weights
	case strings.HasPrefix(rest, "doc."):
		return Doc
	case strings.HasPrefix(rest, "code."):
		return Code
	case strings.HasPrefix(rest, "dataset."):
		return Dataset
	}
	return ""
}

// unpacks says whether oras packed a folder into the layer, always as a compressed tar (oras-go, content/file).
func (l *layer) unpacks() bool { return l.Annotations[unpackAnnotation] == "true" }
