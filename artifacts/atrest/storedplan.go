package atrest

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// StoredPlan is the plan of a model that a store has, whatever was derived from it there: a manifest, which is the model's own or
// one that names other forms of its files, and blobs that are read from the store. One that is not there fails to open, with an
// error that wraps artifacts.ErrNotFound. The plan has no Name if the model's is none.
func StoredPlan(m *artifacts.Model, manifest []byte, reader artifacts.Reader) (*artifacts.Plan, error) {
	refs, err := ParseRefs(manifest)
	if err != nil {
		return nil, fmt.Errorf("reading the manifest of %s: %w", Label(m.Name), err)
	}
	plan := &artifacts.Plan{
		Kind: m.Kind, Manifest: manifest, MediaType: packaging.ManifestMediaType("", manifest), Digest: digest.FromBytes(manifest),
	}
	if name, err := artifacts.ParseName(m.Name); err == nil {
		plan.Name = name
	}
	for _, b := range refs.Blobs {
		f := artifacts.File{Path: "blob", Digest: b.Digest, Size: b.Size}
		if m.Kind == artifacts.KindImage && (refs.Config == nil || b.Digest != refs.Config.Digest) {
			f.Encoding = packaging.Tar
		}
		plan.Blobs = append(plan.Blobs, artifacts.Blob{Digest: b.Digest, Size: b.Size, Open: StoredFile(m, &f, reader)})
	}
	return plan, nil
}

// StoredFile opens a file of a model that a store has. One that has another size fails with an error that wraps
// artifacts.ErrVerification.
func StoredFile(m *artifacts.Model, f *artifacts.File, reader artifacts.Reader) artifacts.Opener {
	return func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
		r, size, err := reader.OpenFile(ctx, m, f)
		if err != nil {
			return nil, err
		}
		if size != f.Size {
			err := fmt.Errorf("%w: blob %s of %s has %d bytes, not %d", artifacts.ErrVerification, f.Digest, Label(m.Name), size, f.Size)
			return nil, errors.Join(err, r.Close())
		}
		if length < 0 {
			length = size - offset
		}
		return Section(r, offset, length), nil
	}
}

// Section reads length bytes of an open file from offset on, and closes the file.
func Section(f interface {
	io.ReaderAt
	io.Closer
}, offset, length int64) io.ReadCloser {
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(f, offset, length), f}
}
