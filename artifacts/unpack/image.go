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

// Listing is what a container sees of an image below packaging.ImageRoot.
type Listing struct {
	// Files are those that are there when all layers are applied to one another.
	Files []packaging.BuildFile
	// Pointer is where the link model.file leads, for packaging.ImageModel.
	Pointer string
	// Layers are those of the manifest, lowest first.
	Layers []Layer
}

// Layer is one layer of an image that was read to its end.
type Layer struct {
	packaging.File
	// TarSize is how many bytes the tar in it has.
	TarSize int64
}

// Open reads the tar in the layer, without its compression. The bytes are not verified again.
func (l *Layer) Open(ctx context.Context, open Opener) (io.ReadCloser, error) {
	rc, err := open(ctx, l.Digest)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", label(&l.File), err)
	}
	plain, closeDecoder, err := decode(l.Encoding, rc)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s: %w", label(&l.File), err), rc.Close())
	}
	return &plainLayer{plain, func() error {
		closeDecoder()
		return rc.Close()
	}}, nil
}

type plainLayer struct {
	io.Reader
	close func() error
}

// Close implements io.Closer.
func (p *plainLayer) Close() error { return p.close() }

// Image unpacks the files below packaging.ImageRoot of a container image into dir, as Model does: what all its layers, applied
// to one another, show there. Beside them it returns where the link model.file leads, for packaging.ImageModel. An image
// without any such file, or that is no model by them, is ErrNothing.
func Image(
	ctx context.Context, manifest, config []byte, open Opener, dir string, opts *Options,
) (res *Result, pointer string, err error) {
	limits := opts.withDefaults()
	out := &output{dir: dir, label: limits.Label, written: map[digest.Digest]int64{}}
	list, err := readImage(ctx, manifest, config, open, out, &spending{limits: limits})
	if err != nil {
		return nil, "", errors.Join(err, out.discard())
	}
	return &Result{Files: list.Files, Written: out.written}, list.Pointer, nil
}

// List says what Image would unpack, with the same errors, and writes nothing.
func List(ctx context.Context, manifest, config []byte, open Opener, opts *Options) (*Listing, error) {
	return readImage(ctx, manifest, config, open, &output{}, &spending{limits: opts.withDefaults()})
}

// readImage reads all layers.
func readImage(ctx context.Context, manifest, config []byte, open Opener, out *output, spent *spending) (*Listing, error) {
	layers, err := packaging.ImageLayers(manifest, config)
	if err != nil {
		return nil, err
	}
	list, tree := &Listing{}, imagetree.NewTree()
	for i := range layers {
		a := &imageLayer{archive: newArchive(out, spent, &layers[i]), effect: imagetree.NewLayer(layers[i].Digest), lower: tree}
		err := checkDigests(&layers[i])
		if err == nil {
			err = a.read(ctx, open)
		}
		if err != nil {
			return nil, fmt.Errorf("unpacking %s: %w", label(&layers[i]), err)
		}
		tree.Apply(a.effect)
		list.Layers = append(list.Layers, Layer{layers[i], a.tarSize})
	}
	files, pointer, err := tree.Files()
	if err != nil {
		return nil, fmt.Errorf("unpacking: %w", err)
	}
	if len(files) == 0 || !packaging.ReadImageConfig(config).CarriesModel(files) {
		return nil, ErrNothing
	}
	t := newTree()
	for i := range files {
		if files[i].Path, err = packaging.CleanPath(files[i].Path); err != nil {
			return nil, fmt.Errorf("unpacking: %w", err)
		}
		f := packaging.BuildFile{Path: files[i].Path, Digest: files[i].Digest, Size: files[i].Size}
		if err := t.add(f, "the image"); err != nil {
			return nil, fmt.Errorf("unpacking: %w", err)
		}
	}
	if err := errors.Join(t.check(), out.finish()); err != nil {
		return nil, err
	}
	list.Files, list.Pointer = t.files, pointer
	return list, nil
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
