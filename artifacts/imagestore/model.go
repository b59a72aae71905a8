package imagestore

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// described is what is known of an image that carries a model.
type described struct {
	image *image
	chain []*layer
	tree  *tree // nil if the files could not be listed
	model artifacts.Model
}

// describe returns the model in an image, without a name; nil if the image carries none. An image that is called a model, but
// cannot be read, is one that is unservable: it is not to hide others, and can be removed.
func (r *records) describe(i *image) (*described, error) {
	if i.digest() == "" || i.TopLayer == "" {
		return nil, nil // a list of images, or one without files
	}
	manifest, config, labelled, err := r.store.documents(i)
	if err != nil {
		r.store.logger.Debug("passing over an image", "id", i.ID, "error", err)
		return nil, nil
	}
	d := &described{image: i}
	d.model = artifacts.Model{Kind: artifacts.KindImage, Digest: i.digest(), Manifest: manifest, Store: Word, Created: created(config)}
	refs, err := atrest.ParseRefs(manifest)
	if err != nil {
		return nil, nil //nolint:nilerr // not an image's manifest, so no model
	}
	d.model.Annotations = refs.Annotations
	for _, b := range refs.Blobs {
		d.model.Size += b.Size
	}
	unreadable := func(err error) (*described, error) {
		switch {
		case r.strict:
			return nil, err
		case !labelled:
			r.store.logger.Debug("passing over an image", "id", i.ID, "error", err)
			return nil, nil
		}
		d.model.Packaging = packaging.Model{Format: packaging.RamaLamaImage, Unservable: fmt.Errorf("%w: %w", packaging.ErrUnservable, err)}
		return d, nil
	}
	if d.chain, err = r.chain(i); err != nil {
		return unreadable(err)
	}
	if may, err := r.store.mayHaveModels(d.chain); err != nil || !may && !labelled {
		return nil, err
	}
	if d.tree, err = r.tree(d.chain); err != nil {
		return unreadable(err)
	}
	if len(d.tree.nodes) == 0 && !labelled {
		return nil, nil
	}
	parsed, err := d.parse(config)
	switch {
	case err != nil:
		return unreadable(err)
	case len(parsed.Files) == 0 && !labelled:
		return nil, nil
	}
	d.model.Packaging = *parsed
	return d, nil
}

// parse describes the files of the image.
func (d *described) parse(config []byte) (*packaging.Model, error) {
	files, pointer, err := d.tree.files()
	if err != nil {
		return nil, err
	}
	for i := range files {
		files[i].MediaType = mediaTypeOf(d.model.Manifest, files[i].Digest)
	}
	return packaging.ImageModel(d.model.Manifest, config, files, pointer)
}

// documents reads what an image says of itself.
func (s *Store) documents(i *image) (manifest, config []byte, labelled bool, err error) {
	manifest, err = s.bigData(i, manifestKey, atrest.MaxManifest)
	if err != nil {
		return nil, nil, false, err
	}
	refs, err := atrest.ParseRefs(manifest)
	if err != nil || refs.Config == nil {
		return nil, nil, false, fmt.Errorf("its manifest names no config: %w", err)
	}
	config, err = s.bigData(i, refs.Config.Digest.String(), atrest.MaxManifest)
	return manifest, config, packaging.LabelledImage(config), err
}

// named gives the model a name, and with it how a container sees it.
func (d *described) named(name string) *artifacts.Model {
	m := d.model
	m.Name = name
	m.Mount = artifacts.ImageMount{Image: name, Subpath: packaging.ImageRoot}
	return &m
}

// created is when the publisher says that it made the image.
func created(config []byte) time.Time {
	var doc struct {
		Created time.Time `json:"created"`
	}
	if json.Unmarshal(config, &doc) != nil || doc.Created.Unix() == 0 {
		return time.Time{}
	}
	return doc.Created
}

// mediaTypeOf is what a manifest says of a layer; "" if it does not have it.
func mediaTypeOf(manifest []byte, d digest.Digest) string {
	var doc struct {
		Layers []struct {
			MediaType string        `json:"mediaType"`
			Digest    digest.Digest `json:"digest"`
		} `json:"layers"`
	}
	if json.Unmarshal(manifest, &doc) != nil {
		return ""
	}
	for _, l := range doc.Layers {
		if l.Digest == d {
			return l.MediaType
		}
	}
	return ""
}
