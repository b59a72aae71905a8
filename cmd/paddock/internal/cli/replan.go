package cli

import (
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

// meta is what the headers say for the config of a manifest.
func (f facts) meta() *packaging.BuildMeta {
	switch {
	case f.gguf != nil:
		return &packaging.BuildMeta{
			Format: "gguf", Name: f.gguf.Name, Family: f.gguf.Architecture, Architecture: f.gguf.Architecture,
			Quantization: f.gguf.Quantization, ParamSize: strings.ToLower(f.gguf.SizeLabel),
		}
	case f.safetensors != nil:
		return &packaging.BuildMeta{Format: "safetensors", Family: f.safetensors.ModelType, Quantization: f.safetensors.Quantization}
	}
	return &packaging.BuildMeta{}
}
