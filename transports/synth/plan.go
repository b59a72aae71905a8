package synth

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// OriginAnnotation is the annotation of a synthesised manifest that keeps what it was made from as the origin spells it,
// without the commit that it was pinned to: hf://Qwen/Qwen3-0.6B-GGUF:Q4_K_M. Names are lower-cased, so two origins can have one name; they
// never have one origin.
const OriginAnnotation = "org.paddock.origin"

// File is one file at an origin.
type File struct {
	// Path must be as packaging.CleanPath returns it.
	Path string
	// Role is what the file is; "" is decided by its name.
	Role packaging.Role
	// Digest was claimed by the origin, and is checked when the bytes are read, or was computed from the bytes.
	Digest digest.Digest
	Size   int64 // bytes
	// Data holds the bytes of a small file that was read already; else Open reads them.
	Data []byte
	Open artifacts.Opener
}

// Model is what a transport found.
type Model struct {
	Name artifacts.Name
	// Origin is the value of OriginAnnotation; required.
	Origin string
	// Meta describes the model; nothing in it may depend on the machine or the time. The annotations source, revision and
	// licenses of image-spec follow from it unless they are given.
	Meta  packaging.BuildMeta
	Files []File
}

// Plan builds the manifest and lists its blobs. Errors are those of packaging.BuildModelPack; a file without digest, or with
// neither data nor a way to read it, is one too.
func Plan(m *Model) (*artifacts.Plan, error) {
	files := make([]packaging.BuildFile, len(m.Files))
	for i := range m.Files {
		f := &m.Files[i]
		if f.Data == nil && f.Open == nil && f.Size > 0 {
			return nil, fmt.Errorf("describing %s: %q cannot be read", m.Name, f.Path)
		}
		files[i] = packaging.BuildFile{Path: f.Path, Role: f.Role, Digest: f.Digest, Size: f.Size}
	}
	meta := m.Meta
	meta.Annotations = annotations(m)
	manifest, config, err := packaging.BuildModelPack(files, &meta)
	if err != nil {
		return nil, fmt.Errorf("describing %s: %w", m.Name, err)
	}
	var built ocispec.Manifest
	if err := json.Unmarshal(manifest, &built); err != nil {
		return nil, fmt.Errorf("describing %s: %w", m.Name, err)
	}
	plan := &artifacts.Plan{
		Name: m.Name, Kind: artifacts.KindArtifact, Manifest: manifest, MediaType: ocispec.MediaTypeImageManifest,
		Digest: digest.FromBytes(manifest), Origin: m.Origin,
		Blobs: []artifacts.Blob{{
			Digest: built.Config.Digest, Size: built.Config.Size, MediaType: built.Config.MediaType, Data: config,
		}},
	}
	plan.Blobs = append(plan.Blobs, layers(built.Layers, m.Files)...)
	return plan, nil
}

// layers lists each content once, in the order of the manifest.
func layers(built []ocispec.Descriptor, files []File) []artifacts.Blob {
	byDigest := map[digest.Digest]*File{}
	for i := range files {
		byDigest[files[i].Digest] = &files[i]
	}
	var blobs []artifacts.Blob
	seen := map[digest.Digest]bool{}
	for _, b := range built {
		if seen[b.Digest] {
			continue
		}
		seen[b.Digest] = true
		f := byDigest[b.Digest]
		blobs = append(blobs, artifacts.Blob{Digest: f.Digest, Size: f.Size, MediaType: b.MediaType, Data: f.Data, Open: f.Open})
	}
	return blobs
}

func annotations(m *Model) map[string]string {
	all := map[string]string{OriginAnnotation: m.Origin}
	for key, value := range map[string]string{
		ocispec.AnnotationSource: m.Meta.SourceURL, ocispec.AnnotationRevision: m.Meta.Revision,
		ocispec.AnnotationLicenses: licenses(m.Meta.Licenses), ocispec.AnnotationTitle: m.Meta.Title,
	} {
		if value != "" {
			all[key] = value
		}
	}
	maps.Copy(all, m.Meta.Annotations)
	return all
}

// licenses joins SPDX expressions to one: all of them apply.
func licenses(all []string) string {
	joined := ""
	for i, l := range all {
		if i > 0 {
			joined += " AND "
		}
		joined += l
	}
	return joined
}
