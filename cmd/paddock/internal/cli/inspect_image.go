package cli

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/imagetree"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

// maxRemoteEntries bounds the files of an image that are looked at where it is: each may take a request.
const maxRemoteEntries = 2000

// errUntold says that only a pull shows the files of an image.
var errUntold = errors.New("what files are in the image is known after a pull")

// span is where a layer that is not compressed has a file, in bytes.
type span struct {
	layer       digest.Digest
	start, size int64
}

// part is a span that is open.
type part struct {
	*io.SectionReader
	io.Closer
}

// lookIntoImage describes the files in an image, by the headers in its layers, as its store does after a pull. Those of layers
// that are compressed cannot be told: then the model has no files, and the user is told so.
func (r *remotePlan) lookIntoImage(ctx context.Context, env *Env, m *artifacts.Model) error {
	m.Packaging.Unservable = nil // nothing is known against it
	refs, err := atrest.ParseRefs(m.Manifest)
	if err != nil || refs.Config == nil {
		return fmt.Errorf("reading its manifest: it names no config: %w", errors.Join(packaging.ErrInvalidManifest, err))
	}
	config, err := r.small(ctx, refs.Config)
	if err != nil {
		return err
	}
	says := packaging.ReadImageConfig(config)
	m.Created = says.Created
	tree, err := r.imageTree(ctx, m.Manifest, config)
	if errors.Is(err, errUntold) {
		ui.Note(env.Err, err.Error())
		return nil
	} else if err != nil {
		return err
	}
	files, pointer, err := tree.Files()
	if err != nil {
		return err
	}
	parsed, err := packaging.ImageModel(m.Manifest, config, files, pointer)
	if err != nil {
		return err
	}
	m.Packaging = *parsed
	if !says.CarriesModel(files) {
		m.Packaging.Unservable = fmt.Errorf("%w: there is no model in %s", packaging.ErrUnservable, packaging.ImageRoot)
	}
	spans := r.inside
	r.inside = map[string]span{}
	for i := range files {
		if p, _, err := tree.Resolve(files[i].Path); err == nil {
			if at, ok := spans[files[i].Digest.String()+p]; ok {
				r.inside[files[i].Path] = at
			}
		}
	}
	return nil
}

// imageTree applies the layers to one another, and remembers where each has its files. The error wraps errUntold if the headers
// cannot be read without the rest.
func (r *remotePlan) imageTree(ctx context.Context, manifest, config []byte) (*imagetree.Tree, error) {
	layers, err := packaging.ImageLayers(manifest, config)
	if err != nil {
		return nil, err
	}
	for i := range layers {
		if layers[i].Encoding != packaging.Tar {
			return nil, fmt.Errorf("%w, as its layers are compressed", errUntold)
		}
	}
	tree, left := imagetree.NewTree(), maxRemoteEntries
	r.inside = map[string]span{}
	for i := range layers {
		file, err := r.blob(ctx, layers[i].Digest)
		if err != nil {
			return nil, err
		}
		effect := imagetree.NewLayer(layers[i].Digest)
		if left, err = r.readLayer(file, effect, tree, left); err != nil {
			return nil, fmt.Errorf("layer %s: %w", layers[i].Digest, err)
		}
		tree.Apply(effect)
	}
	return tree, nil
}

// readLayer reads the headers of a layer, at most so many, and returns how many are left.
func (r *remotePlan) readLayer(file *remoteFile, effect *imagetree.Layer, lower *imagetree.Tree, left int) (int, error) {
	d := file.blob.Digest
	all := io.NewSectionReader(file, 0, file.blob.Size)
	for entries := tar.NewReader(all); ; left-- { // which seeks over the contents
		h, err := entries.Next()
		switch {
		case errors.Is(err, io.EOF):
			return left, nil
		case err != nil:
			return 0, err
		case left == 0:
			return 0, fmt.Errorf("%w: it has more than %d", errUntold, maxRemoteEntries)
		}
		if err := effect.Add(h, d, lower); err != nil {
			return 0, err
		}
		start, err := all.Seek(0, io.SeekCurrent)
		if err != nil {
			return 0, err
		}
		if p, ok := imagetree.PathOf(h); ok && h.Typeflag == tar.TypeReg {
			r.inside[d.String()+p] = span{d, start, h.Size}
		}
	}
}
