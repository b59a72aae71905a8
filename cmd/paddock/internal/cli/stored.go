package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/dirstore"
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
	manifest := m.Manifest
	if image {
		bare, err := uncompressed(ctx, reader, m)
		if err != nil {
			return nil, fmt.Errorf("%s %w, of which the layers cannot be had: %v", nameOrDigest(m), artifacts.ErrIsImage, err) // it is there, whatever is not found
		}
		if bare != nil {
			manifest = bare
		}
	}
	return atrest.StoredPlan(m, manifest, reader)
}

// anyCompressed says whether a layer of an image is no bare tar.
func anyCompressed(layers []ocispec.Descriptor) bool {
	return slices.ContainsFunc(layers, func(l ocispec.Descriptor) bool { return !strings.HasSuffix(l.MediaType, ".tar") })
}

// uncompressed describes an image by the tars in its layers; nil if none of them was compressed.
func uncompressed(ctx context.Context, reader artifacts.Reader, m *artifacts.Model) ([]byte, error) {
	var doc ocispec.Manifest
	if err := json.Unmarshal(m.Manifest, &doc); err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	if !anyCompressed(doc.Layers) {
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

// notUnpacked says whether a model of the store is to be unpacked before it can be served: what is unpacked is Derivable no more.
func notUnpacked(m *artifacts.Model) bool {
	return m.Packaging.Derivable && m.Packaging.Format != packaging.Unknown
}

// hintUnpack is for a model of the store that cannot be served as long as it is not unpacked.
func hintUnpack(err error, m *artifacts.Model) error {
	if notUnpacked(m) {
		return WithHint(err, "paddock doctor --fix")
	}
	return err
}

// whole returns a model of the store, and unpacks it again if what it was unpacked into is gone, as podman artifact rm leaves it. That
// takes no network, but for a model whose files are in another's, too.
func whole(ctx context.Context, env *Env, store artifacts.Store, m *artifacts.Model, o *transferOptions) (*artifacts.Model, error) {
	image := m.Kind == artifacts.KindImage && m.Store == dirstore.Word && m.Packaging.Unservable != nil
	if !image && !notUnpacked(m) {
		return m, nil
	}
	again, err := unpackStored(ctx, env, store, m, o)
	if err != nil {
		return nil, WithHint(fmt.Errorf("unpacking %s again: %w", nameOrDigest(m), err), "paddock ensure "+nameOrDigest(m)+" fetches what is missing")
	}
	return again, nil
}

// unpackStored lands a model of the store anew, from the blobs that the store has of it. The error wraps artifacts.ErrNotFound if
// that is not all that is needed.
func unpackStored(ctx context.Context, env *Env, store artifacts.Store, m *artifacts.Model, o *transferOptions) (*artifacts.Model, error) {
	reader, ok := store.(artifacts.Reader)
	switch {
	case !ok:
		return nil, fmt.Errorf("reading its files: %w by this kind of store", errors.ErrUnsupported)
	case m.Packaging.Base != "":
		return nil, fmt.Errorf("%w here: the files of %s, which it refers to", artifacts.ErrNotFound, m.Packaging.Base)
	}
	plan, err := atrest.StoredPlan(m, m.Manifest, reader)
	if err != nil {
		return nil, err
	}
	progress := o.show(env)
	defer progress.Close()
	return store.Land(ctx, plan, &artifacts.LandOptions{Progress: progress})
}
