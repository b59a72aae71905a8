package packaging

import (
	"time"

	"github.com/opencontainers/go-digest"
)

// modelConfig is ModelPack's config (model-spec, schema/config-schema.json, which allows no other members). Its three
// members are required even when they say nothing.
type modelConfig struct {
	Descriptor modelDescriptor `json:"descriptor"`
	ModelFS    modelFS         `json:"modelfs"`
	Config     modelFacts      `json:"config"`
}

type modelDescriptor struct {
	CreatedAt   *time.Time `json:"createdAt,omitempty"`
	Authors     []string   `json:"authors,omitempty"`
	Vendor      string     `json:"vendor,omitempty"`
	Family      string     `json:"family,omitempty"`
	Name        string     `json:"name,omitempty"`
	Version     string     `json:"version,omitempty"`
	Revision    string     `json:"revision,omitempty"`
	Title       string     `json:"title,omitempty"`
	Description string     `json:"description,omitempty"`
	DocURL      string     `json:"docURL,omitempty"`
	SourceURL   string     `json:"sourceURL,omitempty"`
	Licenses    []string   `json:"licenses,omitempty"`
}

type modelFS struct {
	Type    string          `json:"type"`
	DiffIDs []digest.Digest `json:"diffIds"` // of the uncompressed layers: for raw ones, the layers' own
}

type modelFacts struct {
	Architecture string `json:"architecture,omitempty"`
	Format       string `json:"format,omitempty"`
	ParamSize    string `json:"paramSize,omitempty"`
	Precision    string `json:"precision,omitempty"`
	Quantization string `json:"quantization,omitempty"`
}

func modelConfigOf(layers []Descriptor, meta *BuildMeta) *modelConfig {
	c := &modelConfig{
		Descriptor: modelDescriptor{
			Authors: meta.Authors, Vendor: meta.Vendor, Family: meta.Family, Name: meta.Name, Version: meta.Version,
			Revision: meta.Revision, Title: meta.Title, Description: meta.Description, DocURL: meta.DocURL,
			SourceURL: meta.SourceURL, Licenses: meta.Licenses,
		},
		ModelFS: modelFS{Type: "layers"},
		Config: modelFacts{
			Architecture: meta.Architecture, Format: meta.Format, ParamSize: meta.ParamSize, Precision: meta.Precision,
			Quantization: meta.Quantization,
		},
	}
	if !meta.Created.IsZero() {
		created := meta.Created.UTC().Truncate(time.Second)
		c.Descriptor.CreatedAt = &created
	}
	for _, l := range layers {
		c.ModelFS.DiffIDs = append(c.ModelFS.DiffIDs, l.Digest)
	}
	return c
}
