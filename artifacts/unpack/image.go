package unpack

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/imagetree"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// Image unpacks the files below packaging.ImageRoot of a container image into dir, as Model does: what all its layers, applied
// to one another, show there. Beside them it returns where the link model.file leads, for packaging.ImageModel. An image
// without any such file is ErrNothing.
func Image(
	ctx context.Context, manifest, config []byte, open Opener, dir string, opts *Options,
) (res *Result, pointer string, err error) {
	limits := opts.withDefaults()
	out := &output{dir: dir, label: limits.Label, written: map[digest.Digest]int64{}}
	defer func() {
		if err != nil {
			res, err = nil, errors.Join(err, out.discard())
		}
	}()
	layers, err := packaging.ImageLayers(manifest, config)
	if err != nil {
		return nil, "", err
	}
	tree, spent := imagetree.NewTree(), &spending{limits: limits}
	for i := range layers {
		a := &imageLayer{archive: newArchive(out, spent, &layers[i]), effect: imagetree.NewLayer(layers[i].Digest), lower: tree}
		err := checkDigests(&layers[i])
		if err == nil {
			err = a.read(ctx, open)
		}
		if err != nil {
			return nil, "", fmt.Errorf("unpacking %s: %w", label(&layers[i]), err)
		}
		tree.Apply(a.effect)
	}
	files, pointer, err := tree.Files()
	if err != nil {
		return nil, "", fmt.Errorf("unpacking: %w", err)
	}
	if len(files) == 0 {
		return nil, "", ErrNothing
	}
	t := newTree()
	for i := range files {
		if files[i].Path, err = packaging.CleanPath(files[i].Path); err != nil {
			return nil, "", fmt.Errorf("unpacking: %w", err)
		}
		f := packaging.BuildFile{Path: files[i].Path, Digest: files[i].Digest, Size: files[i].Size}
		if err := t.add(f, "the image"); err != nil {
			return nil, "", fmt.Errorf("unpacking: %w", err)
		}
	}
	if err := errors.Join(t.check(), out.finish()); err != nil {
		return nil, "", err
	}
	return &Result{Files: t.files, Written: out.written}, pointer, nil
}

// imageLayer is one layer of an image that is being unpacked, over the lower ones.
type imageLayer struct {
	*archive
	effect *imagetree.Layer
	lower  *imagetree.Tree
}

// read streams the layer: contents in the folder of the models go to the output, everything else is passed over.
func (a *imageLayer) read(ctx context.Context, open Opener) error {
	return a.stream(ctx, open, func(ctx context.Context, hdr *tar.Header, r io.Reader) error {
		if !imagetree.Concerns(hdr) {
			return a.effect.Add(hdr, "", a.lower) // it may take away what does
		}
		if err := a.spent.entry(hdr); err != nil {
			return err
		}
		if hdr.Typeflag != tar.TypeReg && hdr.Typeflag != tar.TypeGNUSparse {
			return a.effect.Add(hdr, "", a.lower)
		}
		if err := a.afford(hdr); err != nil {
			return err
		}
		m, err := a.out.add(ctx, r)
		if err != nil {
			return err
		}
		return a.effect.Add(hdr, m.digest, a.lower)
	})
}

// afford counts the bytes of a file before any is written. The size is the logical one: the holes of a sparse file cost its
// publisher nothing.
func (a *archive) afford(hdr *tar.Header) error {
	if err := a.spent.file(hdr.Size); err != nil {
		return err
	}
	if hdr.Size > a.budget {
		return fmt.Errorf("%w: with its %d bytes the layer of %d bytes expands too much", artifacts.ErrVerification, hdr.Size, a.layer.Size)
	}
	a.budget -= hdr.Size
	return nil
}
