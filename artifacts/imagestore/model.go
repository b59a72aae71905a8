package imagestore

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/imagetree"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// described is what is known of an image that carries a model.
type described struct {
	image *image
	chain []*layer
	tree  *imagetree.Tree // nil if the files could not be listed
	model artifacts.Model
}

// describe returns the model in an image, without a name; nil if the image carries none. An image that is called a model, but
// cannot be read, is one that is unservable: it is not to hide others, and can be removed. Of others it is an error if the disk
// cannot be read, for they may carry one; what is merely broken carries none.
func (r *records) describe(i *image) (*described, error) { return r.look(i, false) }

// outline is describe without the files of images that are called models: their Packaging has only the Format.
func (r *records) outline(i *image) (*described, error) { return r.look(i, true) }

func (r *records) look(i *image, outline bool) (*described, error) {
	if i.digest() == "" || i.TopLayer == "" {
		return nil, nil // a list of images, or one without files
	}
	d := &described{image: i}
	labelled := false
	unreadable := func(err error) (*described, error) {
		switch {
		case r.strict || !labelled && isFault(err):
			return nil, fmt.Errorf("image %.12s: %w", i.ID, err)
		case !labelled:
			r.store.logger.Debug("passing over an image", "id", i.ID, "error", err)
			return nil, nil
		}
		d.model.Packaging = packaging.Model{Format: packaging.RamaLamaImage, Unservable: fmt.Errorf("%w: %w", packaging.ErrUnservable, err)}
		return d, nil
	}
	docs, err := r.store.documents(i)
	if err != nil {
		return unreadable(err)
	}
	labelled = docs.says.Labelled
	d.model = artifacts.Model{
		Kind: artifacts.KindImage, Digest: i.digest(), Manifest: docs.manifest, Store: Word,
		Created: docs.says.Created, Annotations: docs.refs.Annotations,
	}
	for _, b := range docs.refs.Blobs {
		d.model.Size += b.Size
	}
	if labelled && outline {
		d.model.Packaging.Format = packaging.RamaLamaImage
		return d, nil
	}
	if d.chain, err = r.chain(i); err != nil {
		return unreadable(err)
	}
	if !labelled {
		if may, err := r.store.mayHaveModels(d.chain); err != nil || !may {
			return nil, err
		}
	}
	if d.tree, err = r.tree(d.chain); err != nil {
		return unreadable(err)
	}
	files, pointer, err := d.tree.Files()
	if err != nil {
		return unreadable(err)
	}
	if !docs.says.CarriesModel(files) {
		return nil, nil
	}
	parsed, err := packaging.ImageModel(docs.manifest, docs.config, files, pointer)
	if err != nil {
		return unreadable(err)
	}
	d.model.Packaging = *parsed
	return d, nil
}

// isFault says whether an error is one of reading files that are there.
func isFault(err error) bool {
	var p *fs.PathError
	return errors.As(err, &p) && !errors.Is(err, fs.ErrNotExist)
}

// documents are what an image says of itself.
type documents struct {
	manifest, config []byte
	refs             *atrest.Refs
	says             packaging.ImageConfig
}

// documents reads them, as the image's record has them.
func (s *Store) documents(i *image) (*documents, error) {
	manifest, err := s.bigData(i, manifestKey, atrest.MaxManifest)
	if err != nil {
		return nil, err
	}
	refs, err := atrest.ParseRefs(manifest)
	switch {
	case err != nil:
		return nil, fmt.Errorf("its manifest: %w", err)
	case refs.Config == nil:
		return nil, errors.New("its manifest names no config")
	}
	config, err := s.bigData(i, refs.Config.Digest.String(), atrest.MaxManifest)
	if err != nil {
		return nil, err
	}
	return &documents{manifest, config, refs, packaging.ReadImageConfig(config)}, nil
}

// named gives the model a name, and with it how a container sees it.
func (d *described) named(name string) *artifacts.Model {
	m := d.model
	m.Name = name
	m.Mount = artifacts.ImageMount{Image: name, Subpath: packaging.ImageRoot}
	return &m
}
