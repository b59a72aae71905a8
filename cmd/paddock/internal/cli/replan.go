package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// replan is a plan of the same blobs under another manifest and its config.
func replan(plan *artifacts.Plan, manifest, config []byte) (*artifacts.Plan, error) {
	var doc ocispec.Manifest
	if err := json.Unmarshal(manifest, &doc); err != nil {
		return nil, fmt.Errorf("reading the manifest that was built: %w", err)
	}
	by := map[digest.Digest]artifacts.Blob{}
	for _, b := range plan.Blobs {
		by[b.Digest] = b
	}
	out := &artifacts.Plan{
		Name: plan.Name, Kind: artifacts.KindArtifact, Manifest: manifest, MediaType: doc.MediaType, Digest: digest.FromBytes(manifest),
		Blobs: []artifacts.Blob{{Digest: doc.Config.Digest, Size: doc.Config.Size, MediaType: doc.Config.MediaType, Data: config}},
	}
	seen := map[digest.Digest]bool{doc.Config.Digest: true}
	for _, l := range doc.Layers {
		b, known := by[l.Digest]
		switch {
		case seen[l.Digest]:
			continue
		case !known:
			return nil, fmt.Errorf("describing %s anew: it has no blob %s", plan.Name, l.Digest)
		}
		seen[l.Digest] = true
		b.MediaType = l.MediaType
		out.Blobs = append(out.Blobs, b)
	}
	return out, nil
}

// metaOf is what the headers of a model's files, and its manifest, say for the config of another manifest.
func metaOf(ctx context.Context, reader artifacts.Reader, m *artifacts.Model) (*packaging.BuildMeta, error) {
	meta := &packaging.BuildMeta{Created: m.Created, Annotations: m.Annotations}
	facts, err := ggufFacts(ctx, reader, m)
	if err != nil {
		return nil, err
	}
	if facts != nil {
		meta.Format, meta.Name, meta.Family, meta.Architecture = "gguf", facts.Name, facts.Architecture, facts.Architecture
		meta.Quantization, meta.ParamSize = facts.Quantization, strings.ToLower(facts.SizeLabel)
		return meta, nil
	}
	tensors, err := safetensorsFacts(ctx, reader, m)
	if err != nil {
		return nil, err
	}
	if tensors != nil {
		meta.Format, meta.Family, meta.Quantization = "safetensors", tensors.ModelType, tensors.Quantization
	}
	return meta, nil
}
