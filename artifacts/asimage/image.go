package asimage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// The label and the link by which RamaLama knows an image with a model (ramalama, transports/oci/oci.py).
const (
	typeLabel = "org.containers.type"
	rawModel  = "ai.image.model.raw"
	mainLink  = "model.file"
)

// DefaultArchitecture is what an image says that it is for. A model is for all; the configuration of an image has to name one,
// and it must be the same on every machine.
const DefaultArchitecture = "amd64"

// Options tune a conversion. nil is the zero value.
type Options struct {
	// Architecture is what the image says that it is for; "": DefaultArchitecture.
	Architecture string
	// Wait hears which file is read; nil: nobody does.
	Wait func(reason string)
}

func (o *Options) wait(reason string) {
	if o.Wait != nil {
		o.Wait(reason)
	}
}

// FileOpener returns how to read a file of a model.
type FileOpener func(f *artifacts.File) artifacts.Opener

// ToImage plans an image of the model's files, under a name. Each file is read once, for the digest of its layer; when the plan is
// landed it is read again. A model with archives, or that is an image, is refused with an error that wraps
// packaging.ErrUnservable.
func ToImage(ctx context.Context, name artifacts.Name, m *artifacts.Model, open FileOpener, o *Options) (*artifacts.Plan, error) {
	if o == nil {
		o = &Options{}
	}
	if m.Kind == artifacts.KindImage {
		return nil, fmt.Errorf("%s: %w: it is an image already", m.Name, packaging.ErrUnservable)
	}
	defer o.wait("")
	var layers []*layer
	for i := range m.Packaging.Files {
		f := &m.Packaging.Files[i]
		switch {
		case f.Encoding != packaging.Raw:
			return nil, fmt.Errorf("%s: %w: %q is an archive", m.Name, packaging.ErrUnservable, f.Path)
		case f.Path == mainLink:
			return nil, fmt.Errorf("%s: %w: it has a file %q, where images have a link", m.Name, packaging.ErrUnservable, f.Path)
		}
		o.wait("reading " + f.Path)
		l, err := fileLayer(ctx, path.Join(strings.TrimPrefix(packaging.ImageRoot, "/"), f.Path), f.Size, open(f))
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", f.Path, err)
		}
		layers = append(layers, l)
	}
	if len(layers) == 0 {
		return nil, fmt.Errorf("%s: %w: it has no files", m.Name, packaging.ErrUnservable)
	}
	if main := m.Packaging.Main; isFile(m, main) {
		l, err := linkLayer(ctx, path.Join(strings.TrimPrefix(packaging.ImageRoot, "/"), mainLink), main)
		if err != nil {
			return nil, err
		}
		layers = append(layers, l)
	}
	return plan(name, m, layers, o)
}

// isFile says whether a runtime is given a file of the model, not a folder.
func isFile(m *artifacts.Model, main string) bool {
	for i := range m.Packaging.Files {
		if m.Packaging.Files[i].Path == main {
			return true
		}
	}
	return false
}

// plan writes the configuration and the manifest.
func plan(name artifacts.Name, m *artifacts.Model, layers []*layer, o *Options) (*artifacts.Plan, error) {
	created := m.Created.UTC().Truncate(time.Second)
	if m.Created.IsZero() {
		created = time.Unix(0, 0).UTC()
	}
	labels := map[string]string{}
	for key, value := range m.Annotations {
		if strings.HasPrefix(key, "org.opencontainers.image.") {
			labels[key] = value
		}
	}
	annotations := maps.Clone(labels)
	labels[typeLabel] = rawModel
	config := ocispec.Image{
		Created: &created, Platform: ocispec.Platform{Architecture: o.Architecture, OS: "linux"},
		Config: ocispec.ImageConfig{Labels: labels}, RootFS: ocispec.RootFS{Type: "layers"},
	}
	if config.Architecture == "" {
		config.Architecture = DefaultArchitecture
	}
	doc := ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, Annotations: annotations,
	}
	p := &artifacts.Plan{Name: name, Kind: artifacts.KindImage, MediaType: ocispec.MediaTypeImageManifest}
	seen := map[digest.Digest]bool{}
	for _, l := range layers {
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, l.digest)
		config.History = append(config.History, ocispec.History{Created: &created, CreatedBy: "paddock convert"})
		d := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageLayer, Digest: l.digest, Size: l.length()}
		doc.Layers = append(doc.Layers, d)
		if !seen[l.digest] {
			seen[l.digest] = true
			p.Blobs = append(p.Blobs, artifacts.Blob{Digest: d.Digest, Size: d.Size, MediaType: d.MediaType, Open: l.open})
		}
	}
	raw, err := json.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("writing the configuration of %s: %w", name, err)
	}
	doc.Config = ocispec.Descriptor{MediaType: ocispec.MediaTypeImageConfig, Digest: digest.FromBytes(raw), Size: int64(len(raw))}
	p.Blobs = append([]artifacts.Blob{{Digest: doc.Config.Digest, Size: doc.Config.Size, MediaType: doc.Config.MediaType, Data: raw}}, p.Blobs...)
	if p.Manifest, err = json.Marshal(doc); err != nil {
		return nil, fmt.Errorf("writing the manifest of %s: %w", name, err)
	}
	p.Digest = digest.FromBytes(p.Manifest)
	return p, nil
}

// FromImage plans a ModelPack artifact of the files of an image, under a name. Each file is read once for its digest.
func FromImage(ctx context.Context, name artifacts.Name, m *artifacts.Model, open FileOpener, meta *packaging.BuildMeta, o *Options) (*artifacts.Plan, error) {
	if o == nil {
		o = &Options{}
	}
	defer o.wait("")
	files := make([]packaging.BuildFile, len(m.Packaging.Files))
	by := map[digest.Digest]artifacts.Opener{}
	for i := range m.Packaging.Files {
		f := &m.Packaging.Files[i]
		o.wait("reading " + f.Path)
		d, err := hashFile(ctx, open(f), f.Size)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", f.Path, err)
		}
		files[i] = packaging.BuildFile{Path: f.Path, Digest: d, Size: f.Size, Role: f.Role}
		by[d] = open(f)
	}
	manifest, config, err := packaging.BuildModelPack(files, meta)
	if err != nil {
		return nil, fmt.Errorf("describing %s: %w", m.Name, err)
	}
	var doc ocispec.Manifest
	if err := json.Unmarshal(manifest, &doc); err != nil {
		return nil, fmt.Errorf("describing %s: %w", m.Name, err)
	}
	p := &artifacts.Plan{
		Name: name, Kind: artifacts.KindArtifact, Manifest: manifest, MediaType: doc.MediaType, Digest: digest.FromBytes(manifest),
		Blobs: []artifacts.Blob{{Digest: doc.Config.Digest, Size: doc.Config.Size, MediaType: doc.Config.MediaType, Data: config}},
	}
	seen := map[digest.Digest]bool{}
	for _, l := range doc.Layers {
		if !seen[l.Digest] {
			seen[l.Digest] = true
			p.Blobs = append(p.Blobs, artifacts.Blob{Digest: l.Digest, Size: l.Size, MediaType: l.MediaType, Open: by[l.Digest]})
		}
	}
	return p, nil
}

func hashFile(ctx context.Context, open artifacts.Opener, size int64) (_ digest.Digest, err error) {
	r, err := open(ctx, 0, -1)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return hashAll(ctx, io.Reader(r), size)
}
