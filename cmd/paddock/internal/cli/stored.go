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

// storedPlan is the plan of a model in the store, to send it elsewhere: its own manifest, whatever was derived from it here.
func storedPlan(store artifacts.Store, m *artifacts.Model) (*artifacts.Plan, error) {
	reader, ok := store.(artifacts.Reader)
	if !ok {
		return nil, fmt.Errorf("reading %s: the files of the store cannot be read", nameOrDigest(m))
	}
	var doc ocispec.Manifest
	if err := json.Unmarshal(m.Manifest, &doc); err != nil {
		return nil, fmt.Errorf("reading the manifest of %s: %w", nameOrDigest(m), err)
	}
	image := m.Kind == artifacts.KindImage
	compressed := func(l ocispec.Descriptor) bool { return !strings.HasSuffix(l.MediaType, ".tar") }
	switch {
	case image && m.Store != imagestore.Word:
		return nil, fmt.Errorf("%s %w", nameOrDigest(m), artifacts.ErrIsImage)
	case image && slices.ContainsFunc(doc.Layers, compressed):
		return nil, fmt.Errorf("%s %w, and its layers were compressed: Podman does not keep their bytes", nameOrDigest(m), artifacts.ErrIsImage)
	}
	plan := &artifacts.Plan{
		Kind: m.Kind, Manifest: m.Manifest, MediaType: packaging.ManifestMediaType("", m.Manifest), Digest: m.Digest,
	}
	if name, err := artifacts.ParseName(m.Name); err == nil {
		plan.Name = name
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
