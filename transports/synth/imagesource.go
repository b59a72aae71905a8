package synth

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
)

// source reads a plan as containers/image reads an image: one blob in one stream.
type source struct{ ref *imageReference }

var _ types.ImageSource = (*source)(nil)

func newSource(r *imageReference) types.ImageSource { return &source{ref: r} }

func (s *source) Reference() types.ImageReference { return s.ref }
func (s *source) Close() error                    { return nil }
func (s *source) HasThreadSafeGetBlob() bool      { return true }

func (s *source) GetManifest(_ context.Context, instance *digest.Digest) ([]byte, string, error) {
	if instance != nil && *instance != s.ref.plan.Digest {
		return nil, "", fmt.Errorf("reading manifest %s of %s: it has only %s", *instance, s.ref.plan.Name, s.ref.plan.Digest)
	}
	return s.ref.plan.Manifest, s.ref.plan.MediaType, nil
}

func (s *source) GetSignatures(context.Context, *digest.Digest) ([][]byte, error) { return nil, nil }

func (s *source) LayerInfosForCopy(context.Context, *digest.Digest) ([]types.BlobInfo, error) {
	return nil, nil
}

// GetBlob yields bytes that are UNVERIFIED; containers/image compares them with the digest.
func (s *source) GetBlob(ctx context.Context, info types.BlobInfo, _ types.BlobInfoCache) (io.ReadCloser, int64, error) {
	for i := range s.ref.plan.Blobs {
		b := &s.ref.plan.Blobs[i]
		switch {
		case b.Digest != info.Digest:
			continue
		case b.Data != nil || b.Size == 0:
			return io.NopCloser(bytes.NewReader(b.Data)), b.Size, nil
		}
		return &blobReader{ctx: ctx, blob: b}, b.Size, nil
	}
	return nil, 0, fmt.Errorf("reading blob %s of %s: %w", info.Digest, s.ref.plan.Name, artifacts.ErrNotFound)
}
