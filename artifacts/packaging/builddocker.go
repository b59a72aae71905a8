package packaging

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// dockerModelConfig is Docker's config (docker/model-runner, types/config.go), which model-spec calls v0.2: the one whose
// layers are files with names.
type dockerModelConfig struct {
	Config     dockerFacts      `json:"config"`
	Descriptor dockerDescriptor `json:"descriptor"`
	RootFS     dockerRootFS     `json:"rootfs"`
}

type dockerFacts struct {
	Format       string `json:"format,omitempty"`
	Quantization string `json:"quantization,omitempty"`
	Parameters   string `json:"parameters,omitempty"`
	Architecture string `json:"architecture,omitempty"`
	Size         string `json:"size,omitempty"`
}

type dockerDescriptor struct {
	Created *time.Time `json:"created,omitempty"`
}

type dockerRootFS struct {
	Type    string          `json:"type"`
	DiffIDs []digest.Digest `json:"diff_ids"`
}

// BuildDocker writes a manifest of the same files as Docker Model Runner does: config v0.2, one layer for each file, of
// Docker's types, named by org.cncf.model.filepath, and no artifactType. Order and errors are those of BuildModelPack, and so is
// that the same input gives the same bytes. Of meta, Created, Architecture, Format, ParamSize, Quantization and Annotations
// count.
func BuildDocker(files []BuildFile, meta *BuildMeta) (manifest, config []byte, err error) {
	if meta == nil {
		meta = &BuildMeta{}
	}
	sorted, err := checkBuild(files)
	if err != nil {
		return nil, nil, err
	}
	c := dockerModelConfig{
		Config: dockerFacts{
			Format: meta.Format, Quantization: meta.Quantization, Parameters: meta.ParamSize, Architecture: meta.Architecture,
		},
		RootFS: dockerRootFS{Type: "rootfs"},
	}
	if !meta.Created.IsZero() {
		created := meta.Created.UTC().Truncate(time.Second)
		c.Descriptor.Created = &created
	}
	m := ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, Annotations: buildAnnotations(meta),
	}
	weights := int64(0)
	for _, f := range sorted {
		if f.Role == Weights {
			weights += f.Size
		}
		c.RootFS.DiffIDs = append(c.RootFS.DiffIDs, f.Digest)
		m.Layers = append(m.Layers, Descriptor{
			MediaType: dockerAIPrefix + dockerType(&f), Digest: f.Digest, Size: f.Size,
			Annotations: map[string]string{filepathAnnotation: f.Path},
		})
	}
	c.Config.Size = binarySize(weights)
	if config, err = json.Marshal(c); err != nil {
		return nil, nil, fmt.Errorf("writing the config: %w", err)
	}
	m.Config = Descriptor{MediaType: dockerAIConfig + "0.2+json", Digest: digest.FromBytes(config), Size: int64(len(config))}
	if manifest, err = json.Marshal(m); err != nil {
		return nil, nil, fmt.Errorf("writing the manifest: %w", err)
	}
	return manifest, config, nil
}

// dockerType returns the layer type of a file, without the prefix (types/config.go).
func dockerType(f *BuildFile) string {
	switch {
	case f.Role == Projector:
		return "mmproj"
	case f.Role == Adapter && isGGUF(f.Path):
		return "gguf.v3.lora"
	case f.Role == Weights && isSafetensors(f.Path):
		return "safetensors"
	case f.Role == Weights && strings.HasSuffix(strings.ToLower(f.Path), ".dduf"):
		return "dduf"
	case f.Role == Weights && isGGUF(f.Path):
		return "gguf.v3"
	case f.Role == Template && strings.HasSuffix(f.Path, ".jinja"):
		return "chat.template.jinja"
	case f.Role == License:
		return "license"
	}
	return "model.file"
}

// binarySize says bytes as Docker does: 498.25KiB.
func binarySize(n int64) string {
	value, units := float64(n), []string{"B", "KiB", "MiB", "GiB", "TiB"}
	for len(units) > 1 && value >= 1024 {
		value, units = value/1024, units[1:]
	}
	return fmt.Sprintf("%.2f%s", value, units[0])
}
