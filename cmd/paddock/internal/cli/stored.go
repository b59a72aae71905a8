package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/imagestore"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// storedPlan is the plan of a model in the store, to send it elsewhere: its own manifest, whatever was derived from it here. Of an
// image whose layers were compressed the bytes are gone: its plan has the tars that were in them, under another digest.
func storedPlan(ctx context.Context, store artifacts.Store, m *artifacts.Model) (*artifacts.Plan, error) {
	reader, ok := store.(artifacts.Reader)
	if !ok {
		return nil, fmt.Errorf("reading %s: the files of the store cannot be read", nameOrDigest(m))
	}
	image := m.Kind == artifacts.KindImage
	if image && m.Store != imagestore.Word {
		return nil, fmt.Errorf("%s %w", nameOrDigest(m), artifacts.ErrIsImage)
	}
	plan := &artifacts.Plan{Kind: m.Kind, Manifest: m.Manifest, Digest: m.Digest}
	if image {
		manifest, err := uncompressed(ctx, reader, m)
		if err != nil {
			return nil, fmt.Errorf("%s %w, of which the layers cannot be had: %v", nameOrDigest(m), artifacts.ErrIsImage, err) // it is there, whatever is not found
		}
		if manifest != nil {
			plan.Manifest, plan.Digest = manifest, digest.FromBytes(manifest)
		}
	}
	plan.MediaType = packaging.ManifestMediaType("", plan.Manifest)
	if name, err := artifacts.ParseName(m.Name); err == nil {
		plan.Name = name
	}
	var doc ocispec.Manifest
	if err := json.Unmarshal(plan.Manifest, &doc); err != nil {
		return nil, fmt.Errorf("reading the manifest of %s: %w", nameOrDigest(m), err)
	}
	seen := map[digest.Digest]bool{}
	for i, d := range append([]ocispec.Descriptor{doc.Config}, doc.Layers...) {
		if seen[d.Digest] {
			continue
		}
		seen[d.Digest] = true
		s := &storedBlob{reader: reader, model: m, file: artifacts.File{Path: "blob", Digest: d.Digest, Size: d.Size}}
		if image && i > 0 {
			s.file.Encoding = packaging.Tar
		}
		plan.Blobs = append(plan.Blobs, artifacts.Blob{Digest: d.Digest, Size: d.Size, MediaType: d.MediaType, Open: s.open})
	}
	return plan, nil
}

// uncompressed describes an image by the tars in its layers; nil if none of them was compressed.
func uncompressed(ctx context.Context, reader artifacts.Reader, m *artifacts.Model) ([]byte, error) {
	var doc ocispec.Manifest
	if err := json.Unmarshal(m.Manifest, &doc); err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	if !slices.ContainsFunc(doc.Layers, func(l ocispec.Descriptor) bool { return !strings.HasSuffix(l.MediaType, ".tar") }) {
		return nil, nil
	}
	r, size, err := reader.OpenFile(ctx, m, &artifacts.File{Path: "config", Digest: doc.Config.Digest})
	if err != nil {
		return nil, err
	}
	config, err := io.ReadAll(io.NewSectionReader(r, 0, size))
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("reading the config: %w", err)
	}
	layers, err := packaging.ImageLayers(m.Manifest, config)
	if err != nil {
		return nil, err
	}
	sizes := make([]int64, len(layers))
	for i := range layers {
		r, size, err := reader.OpenFile(ctx, m, &artifacts.File{Path: layers[i].Path, Digest: layers[i].DiffID, Encoding: packaging.Tar})
		if err != nil {
			return nil, err
		}
		if err := r.Close(); err != nil {
			return nil, fmt.Errorf("closing %s: %w", layers[i].Path, err)
		}
		sizes[i] = size
	}
	return packaging.Uncompress(m.Manifest, config, sizes)
}

// storedBlob is a blob of a model in the store; its open is an artifacts.Opener.
type storedBlob struct {
	reader artifacts.Reader
	model  *artifacts.Model
	file   artifacts.File
}

func (s *storedBlob) open(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	r, size, err := s.reader.OpenFile(ctx, s.model, &s.file)
	if err != nil {
		return nil, err
	}
	if size != s.file.Size {
		err := fmt.Errorf("%w: blob %s of %s has %d bytes, not %d", artifacts.ErrVerification, s.file.Digest, nameOrDigest(s.model), size, s.file.Size)
		return nil, errors.Join(err, r.Close())
	}
	if length < 0 {
		length = size - offset
	}
	return &section{io.NewSectionReader(r, offset, length), r}, nil
}

// section is a part of an open file.
type section struct {
	io.Reader
	io.Closer
}
