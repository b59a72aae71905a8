package packaging

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"
)

// readModelPack reads CNCF ModelPack (model-spec, docs/spec.md), its releases under the cnai names, and everything that
// only says it is ModelPack: RamaLama's artifacts, whose layers have the types that Podman sniffed.
func readModelPack(doc *document, config []byte) (*reading, error) {
	r := &reading{format: ModelPack, entries: make([]entry, len(doc.Layers))}
	diffIDs := modelPackDiffIDs(config, len(doc.Layers))
	for i := range doc.Layers {
		e, err := modelPackEntry(&doc.Layers[i])
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrInvalidManifest, doc.label(i), err)
		}
		if e.diffID == "" && diffIDs != nil {
			e.diffID = diffIDs[i]
		}
		r.entries[i] = e
	}
	return r, nil
}

// modelPackDiffIDs returns the digests of the n layers without their compression, in order; nil if the config does not give
// one for each. Tools write configs that are empty or of another kind, so none is an error (schema/config-schema.json).
func modelPackDiffIDs(config []byte, n int) []digest.Digest {
	var c struct {
		ModelFS struct {
			DiffIDs []digest.Digest `json:"diffIds"`
		} `json:"modelfs"`
	}
	if json.Unmarshal(config, &c) != nil || len(c.ModelFS.DiffIDs) != n {
		return nil
	}
	return c.ModelFS.DiffIDs
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
		e.encoding, e.diffID = TarGzip, l.plainDigest()
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

// plainDigest is what oras says of the tar that it compressed.
func (l *layer) plainDigest() digest.Digest { return digest.Digest(l.Annotations[plainAnnotation]) }
