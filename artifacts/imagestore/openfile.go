package imagestore

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/imagetree"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// OpenFile opens one file of a model where its layer has it: see artifacts.Reader. Nothing is mounted. A file that only the
// users of a container may read cannot be opened. A layer itself, of packaging.Tar, and the config are had by their digests.
func (s *Store) OpenFile(_ context.Context, m *artifacts.Model, f *artifacts.File) (artifacts.ReadAtCloser, int64, error) {
	file, size, err := s.openFile(m, f)
	if err != nil {
		return nil, 0, fmt.Errorf("opening %s of %s: %w", f.Path, m.Name, err)
	}
	return file, size, nil
}

func (s *Store) openFile(m *artifacts.Model, f *artifacts.File) (artifacts.ReadAtCloser, int64, error) {
	r, err := s.read()
	if err != nil {
		return nil, 0, err
	}
	d, err := r.byDigest(m.Digest)
	switch {
	case err != nil:
		return nil, 0, err
	case d == nil:
		return nil, 0, artifacts.ErrNotFound
	case f.Encoding == packaging.Tar:
		return s.openLayer(d.chain, f.Digest)
	}
	docs, err := s.documents(d.image)
	switch {
	case err != nil:
		return nil, 0, err
	case f.Digest == docs.refs.Config.Digest:
		return document{bytes.NewReader(docs.config)}, int64(len(docs.config)), nil
	case d.tree == nil:
		return nil, 0, d.model.Packaging.Unservable
	}
	p, n, err := d.tree.Resolve(f.Path)
	switch {
	case err != nil:
		return nil, 0, err
	case n.Kind != tar.TypeReg:
		return nil, 0, artifacts.ErrNotFound
	}
	root, err := s.layerRoot(d.chain, n)
	if err != nil {
		return nil, 0, err
	}
	file, err := root.Open(p) // follows no link out of the layer
	if err := errors.Join(err, root.Close()); err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("it is no regular file in layer %s", n.Layer)
	}
	if err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}
	return file, info.Size(), nil
}

// layerRoot opens the folder that has the file of a node: with vfs each layer has all that is below it. Of layers with the same
// bytes each has the file.
func (s *Store) layerRoot(chain []*layer, n imagetree.Node) (*os.Root, error) {
	top := chain[len(chain)-1]
	for _, l := range chain {
		if s.place.Driver != "vfs" && l.blob() == n.Layer {
			top = l
		}
	}
	dir := s.diffDir(top.ID)
	if dir == "" {
		return nil, fmt.Errorf("reading files with the storage driver %s: %w", s.place.Driver, errors.ErrUnsupported)
	}
	return os.OpenRoot(dir)
}

// lstat looks at the file of a node.
func (s *Store) lstat(chain []*layer, p string, n imagetree.Node) (_ fs.FileInfo, err error) {
	root, err := s.layerRoot(chain, n)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	return root.Lstat(p)
}
