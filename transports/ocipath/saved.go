package ocipath

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/docker/archive"
	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/manifest"
	"go.podman.io/image/v5/pkg/blobinfocache/none"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
)

// saved makes a plan of an archive of docker save, whose manifest containers/image makes up. Its layers are read from where
// they lie, in one stream each.
func (r *Resolver) saved(ctx context.Context, t *tree, name artifacts.Name, ref string) (_ *artifacts.Plan, err error) {
	from, err := archive.ParseReference(t.path + suffix(ref))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", artifacts.ErrInvalidName, err)
	}
	src, err := from.NewImageSource(ctx, r.System)
	if err != nil {
		return nil, fmt.Errorf("reading the archive: %w", err)
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	raw, mediaType, err := src.GetManifest(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("reading the archive: %w", err)
	}
	parsed, err := manifest.Schema2FromManifest(raw)
	if err != nil {
		return nil, fmt.Errorf("reading the archive: %w", err)
	}
	plan := &artifacts.Plan{Name: name, Kind: artifacts.KindImage, Manifest: raw, MediaType: mediaType, Digest: digest.FromBytes(raw)}
	config, err := wholeBlob(ctx, src, parsed.ConfigInfo())
	if err != nil {
		return nil, fmt.Errorf("reading the config: %w", err)
	}
	plan.Blobs = []artifacts.Blob{{Digest: parsed.ConfigInfo().Digest, Size: int64(len(config)), MediaType: parsed.ConfigInfo().MediaType, Data: config}}
	seen := map[digest.Digest]bool{}
	for _, l := range parsed.LayerInfos() {
		if seen[l.Digest] || l.Size < 0 {
			continue
		}
		seen[l.Digest] = true
		plan.Blobs = append(plan.Blobs, artifacts.Blob{
			Digest: l.Digest, Size: l.Size, MediaType: l.MediaType, Open: r.layerOpener(from, l.BlobInfo),
		})
	}
	if ref == "" {
		plan.Name = tagged(t, name)
	}
	return plan, r.admit(ctx, t, plan)
}

func suffix(ref string) string {
	if ref == "" {
		return ""
	}
	return ":" + ref
}

// tagged is the name that docker save noted, if there is one image with one name; else the one it has by its path.
func tagged(t *tree, name artifacts.Name) artifacts.Name {
	reader, err := archive.NewReader(nil, t.path)
	if err != nil {
		return name
	}
	defer reader.Close()
	list, err := reader.List()
	if err != nil || len(list) != 1 || len(list[0]) != 1 {
		return name
	}
	named, ok := list[0][0].DockerReference().(reference.NamedTagged)
	if !ok {
		return name
	}
	if known, err := artifacts.NameFrom(named); err == nil {
		return known
	}
	return name
}

func wholeBlob(ctx context.Context, src types.ImageSource, info types.BlobInfo) (_ []byte, err error) {
	body, _, err := src.GetBlob(ctx, info, none.NoCache)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	var data bytes.Buffer
	_, err = io.Copy(&data, io.LimitReader(body, manifestLimit))
	return data.Bytes(), err
}

// manifestLimit bounds a config, in bytes.
const manifestLimit = 4 << 20

// layerOpener reads a layer whole: containers/image gives no part of one.
func (r *Resolver) layerOpener(from types.ImageReference, info types.BlobInfo) artifacts.Opener {
	return func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
		if offset != 0 || length != -1 {
			return nil, fmt.Errorf("reading a part of layer %s: %w", info.Digest, artifacts.ErrNoRange)
		}
		src, err := from.NewImageSource(ctx, r.System)
		if err != nil {
			return nil, fmt.Errorf("reading the archive: %w", err)
		}
		body, _, err := src.GetBlob(ctx, info, none.NoCache)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("reading layer %s: %w", info.Digest, err), src.Close())
		}
		return &layerBody{body, src}, nil
	}
}

// layerBody closes its archive with itself.
type layerBody struct {
	io.ReadCloser
	src types.ImageSource
}

func (l *layerBody) Close() error { return errors.Join(l.ReadCloser.Close(), l.src.Close()) }
