package packaging

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// BuildFile is one file to be published.
type BuildFile struct {
	// Path must be as CleanPath returns it.
	Path string
	// Digest and Size are the file's own; the digest was computed from the bytes or checked against them.
	Digest digest.Digest
	Size   int64 // bytes
	// Role is what the file is; "" is decided by RoleByName.
	Role Role
}

// BuildMeta describes the model in the config and on the manifest. nil and the zero value say nothing; so does each zero
// field. Nothing in it may depend on when or where the model is built: same files, same revision, same digest.
type BuildMeta struct {
	Name, Family, Version, Revision, Vendor string
	Title, Description                      string
	SourceURL, DocURL                       string
	Authors, Licenses                       []string // Licenses are SPDX expressions
	// Created is when the origin made this revision, never the time of the build.
	Created time.Time
	// Architecture ("transformer"), Format ("gguf"), ParamSize ("8b"), Precision ("fp16") and Quantization ("q4_0") are
	// free text in the specification.
	Architecture, Format, ParamSize, Precision, Quantization string
	// Annotations go on the manifest. A created annotation among them is overruled by Created.
	Annotations map[string]string
}

// BuildModelPack writes a manifest of raw layers, and its config, after CNCF ModelPack (model-spec v0.0.7): config, then
// weights in the order of shards, adapters, projector, template, documents, and within each by path. Beside the path that
// the specification asks for, each layer has a slash-free and unique title, so that a plain Podman mount of the whole
// artifact has readable names. The same input, in any order of files, gives the same bytes. Owners, modes and times of
// files are left out on purpose. Where media type and name would tell Parse another role than the file's, an annotation
// of paddock's own does.
//
// The error wraps ErrUnsafePath, or ErrInvalidManifest if there are no files, too many, or one is not described whole.
func BuildModelPack(files []BuildFile, meta *BuildMeta) (manifest, config []byte, err error) {
	if meta == nil {
		meta = &BuildMeta{}
	}
	return buildManifest(files, meta, false)
}

// buildManifest writes one layer for each file, or, to merge, for each content.
func buildManifest(files []BuildFile, meta *BuildMeta, merge bool) (manifest, config []byte, err error) {
	sorted, err := checkBuild(files)
	if err != nil {
		return nil, nil, err
	}
	groups := groupFiles(sorted, merge)
	layers, err := buildLayers(groups)
	if err != nil {
		return nil, nil, fmt.Errorf("writing the layers: %w", err)
	}
	config, err = json.Marshal(modelConfigOf(layers, meta))
	if err != nil {
		return nil, nil, fmt.Errorf("writing the config: %w", err)
	}
	m := ocispec.Manifest{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    ocispec.MediaTypeImageManifest,
		ArtifactType: modelPackPrefix + "manifest.v1+json",
		Config: Descriptor{
			MediaType: modelPackPrefix + "config.v1+json", Digest: digest.FromBytes(config), Size: int64(len(config)),
		},
		Layers:      layers,
		Annotations: buildAnnotations(meta),
	}
	manifest, err = json.Marshal(m)
	if err != nil {
		return nil, nil, fmt.Errorf("writing the manifest: %w", err)
	}
	if len(manifest) > MaxManifestSize {
		return nil, nil, fmt.Errorf("%w: %d bytes, more than the limit of %d", ErrInvalidManifest, len(manifest), MaxManifestSize)
	}
	return manifest, config, nil
}

// groupFiles puts together what becomes one layer: each file by itself, or, to merge, all files of one digest, at the place
// of the first.
func groupFiles(files []BuildFile, merge bool) [][]BuildFile {
	var groups [][]BuildFile
	place := map[digest.Digest]int{}
	for _, f := range files {
		i, seen := place[f.Digest]
		if merge && seen {
			groups[i] = append(groups[i], f)
			continue
		}
		place[f.Digest] = len(groups)
		groups = append(groups, []BuildFile{f})
	}
	return groups
}

func buildLayers(groups [][]BuildFile) ([]Descriptor, error) {
	firsts := make([]BuildFile, len(groups))
	for i, files := range groups {
		firsts[i] = files[0]
	}
	layers := make([]Descriptor, len(groups))
	titles := buildTitles(firsts)
	for i, f := range firsts {
		mediaType := modelPackPrefix + buildFamily(f.Role)
		annotations := map[string]string{filepathAnnotation: f.Path, ocispec.AnnotationTitle: titles[i]}
		if familyRole(modelPackFamily(mediaType), f.Path) != f.Role {
			annotations[roleAnnotation] = string(f.Role)
		}
		several, err := filesOf(mediaType, groups[i])
		if err != nil {
			return nil, err
		}
		if several != "" {
			annotations[filesAnnotation] = several
		}
		layers[i] = Descriptor{MediaType: mediaType, Digest: f.Digest, Size: f.Size, Annotations: annotations}
	}
	return layers, nil
}

// buildFamily returns the layer type of a role (model-spec, specs-go/v1/mediatype.go), without the prefix. The
// specification has no type for files that are none of these; its own tools take doc for them.
func buildFamily(r Role) string {
	switch r {
	case Weights, Projector, Adapter, Draft:
		return "weight.v1.raw"
	case Config, Tokenizer, Template, Params:
		return "weight.config.v1.raw"
	case Code:
		return "code.v1.raw"
	case Dataset:
		return "dataset.v1.raw"
	}
	return "doc.v1.raw"
}

func buildAnnotations(meta *BuildMeta) map[string]string {
	annotations := map[string]string{}
	for k, v := range meta.Annotations {
		annotations[k] = v
	}
	if !meta.Created.IsZero() {
		annotations[ocispec.AnnotationCreated] = meta.Created.UTC().Format(time.RFC3339)
	}
	return annotations
}
