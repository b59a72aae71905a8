package imagestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/docker/reference"
	containersimage "go.podman.io/image/v5/image"
	"go.podman.io/image/v5/types"
)

// source is the blobs that arrived, as an image for containers/image to copy from. It is a types.ImageReference, its
// transport and its types.ImageSource at once.
type source struct{ request *request }

var (
	_ types.ImageReference = (*source)(nil)
	_ types.ImageTransport = (*source)(nil)
	_ types.ImageSource    = (*source)(nil)
)

// Name implements types.ImageTransport.
func (s *source) Name() string { return "paddock-staging" }

// ParseReference implements types.ImageTransport: there is nothing to be named.
func (s *source) ParseReference(string) (types.ImageReference, error) {
	return nil, errors.ErrUnsupported
}

// ValidatePolicyConfigurationScope implements types.ImageTransport.
func (s *source) ValidatePolicyConfigurationScope(string) error { return errors.ErrUnsupported }

// Transport implements types.ImageReference.
func (s *source) Transport() types.ImageTransport { return s }

// StringWithinTransport implements types.ImageReference.
func (s *source) StringWithinTransport() string { return s.request.Name }

// DockerReference implements types.ImageReference.
func (s *source) DockerReference() reference.Named { return nil }

// PolicyConfigurationIdentity implements types.ImageReference.
func (s *source) PolicyConfigurationIdentity() string { return "" }

// PolicyConfigurationNamespaces implements types.ImageReference.
func (s *source) PolicyConfigurationNamespaces() []string { return nil }

// NewImage implements types.ImageReference.
func (s *source) NewImage(ctx context.Context, sys *types.SystemContext) (types.ImageCloser, error) {
	return containersimage.FromSource(ctx, sys, s)
}

// NewImageSource implements types.ImageReference.
func (s *source) NewImageSource(context.Context, *types.SystemContext) (types.ImageSource, error) {
	return s, nil
}

// NewImageDestination implements types.ImageReference.
func (s *source) NewImageDestination(context.Context, *types.SystemContext) (types.ImageDestination, error) {
	return nil, errors.ErrUnsupported
}

// DeleteImage implements types.ImageReference.
func (s *source) DeleteImage(context.Context, *types.SystemContext) error {
	return errors.ErrUnsupported
}

// Reference implements types.ImageSource.
func (s *source) Reference() types.ImageReference { return s }

// Close implements types.ImageSource.
func (s *source) Close() error { return nil }

// GetManifest implements types.ImageSource.
func (s *source) GetManifest(context.Context, *digest.Digest) ([]byte, string, error) {
	return bytes.Clone(s.request.Manifest), s.request.MediaType, nil
}

// GetBlob implements types.ImageSource.
func (s *source) GetBlob(_ context.Context, info types.BlobInfo, _ types.BlobInfoCache) (io.ReadCloser, int64, error) {
	path, ok := s.request.Blobs[info.Digest]
	if !ok {
		return nil, 0, fmt.Errorf("blob %s: %w", info.Digest, errLost)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	stat, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, stat.Size(), nil
}

// HasThreadSafeGetBlob implements types.ImageSource.
func (s *source) HasThreadSafeGetBlob() bool { return true }

// GetSignatures implements types.ImageSource: those of the origin were checked when it was resolved.
func (s *source) GetSignatures(context.Context, *digest.Digest) ([][]byte, error) { return nil, nil }

// LayerInfosForCopy implements types.ImageSource.
func (s *source) LayerInfosForCopy(context.Context, *digest.Digest) ([]types.BlobInfo, error) {
	return nil, nil
}
