package imagestore

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sort"
	"sync"

	"github.com/opencontainers/go-digest"
	"github.com/vbatts/tar-split/tar/storage"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/imagetree"
)

// document is the config of an image, open.
type document struct{ *bytes.Reader }

// Close implements io.Closer.
func (document) Close() error { return nil }

// layerBlob is a layer that the publisher did not compress, put together again of the list of its files and what is in them.
type layerBlob struct {
	root   *os.Root
	pieces []piece

	mu   sync.Mutex
	file *os.File // the one that was read last; nil if none was
	name string
}

var _ artifacts.ReadAtCloser = (*layerBlob)(nil)

// piece is a part of a tar: data, or the content of the file of that name.
type piece struct {
	start, size int64
	data        []byte
	name        string
}

// openLayer opens a layer as the manifest has it, and returns its size. Of compressed layers the bytes are not kept.
func (s *Store) openLayer(chain []*layer, d digest.Digest) (artifacts.ReadAtCloser, int64, error) {
	i := slices.IndexFunc(chain, func(l *layer) bool { return l.Diff == d })
	if i < 0 {
		return nil, 0, fmt.Errorf("layer %s: the storage has only what was in it: %w", d, errors.ErrUnsupported)
	}
	pieces, size, err := s.pieces(chain[i])
	if err != nil {
		return nil, 0, fmt.Errorf("layer %s: %w", d, err)
	}
	dir := s.diffDir(chain[i].ID)
	if dir == "" {
		return nil, 0, fmt.Errorf("reading layers with the storage driver %s: %w", s.place.Driver, errors.ErrUnsupported)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, 0, err
	}
	return &layerBlob{root: root, pieces: pieces}, size, nil
}

// pieces reads the storage library's list of what a layer's tar is made of.
func (s *Store) pieces(l *layer) (all []piece, size int64, err error) {
	f, err := os.Open(s.layerDir(l.ID + ".tar-split.gz"))
	if err != nil {
		return nil, 0, fmt.Errorf("opening the list of its files: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, 0, fmt.Errorf("the list of its files: %w", err)
	}
	for entries := json.NewDecoder(io.LimitReader(z, maxHeaders)); ; {
		var e storage.Entry
		if err := entries.Decode(&e); errors.Is(err, io.EOF) {
			return all, size, nil
		} else if err != nil {
			return nil, 0, fmt.Errorf("reading the list of its files: %w", err)
		}
		p := piece{start: size, size: int64(len(e.Payload)), data: e.Payload}
		if e.Type == storage.FileType {
			p = piece{start: size, size: e.Size, name: imagetree.Clean(e.GetName())}
		}
		if p.size < 0 {
			return nil, 0, fmt.Errorf("reading the list of its files: size %d", p.size)
		}
		if p.size > 0 {
			all = append(all, p)
		}
		size += p.size
	}
}

// ReadAt implements io.ReaderAt.
func (b *layerBlob) ReadAt(buf []byte, off int64) (int, error) {
	done := 0
	for done < len(buf) {
		at := off + int64(done)
		i := sort.Search(len(b.pieces), func(i int) bool { return b.pieces[i].start+b.pieces[i].size > at })
		if i == len(b.pieces) || at < 0 {
			return done, io.EOF
		}
		p := &b.pieces[i]
		n := min(int64(len(buf)-done), p.start+p.size-at)
		if p.name == "" {
			copy(buf[done:], p.data[at-p.start:])
		} else if err := b.readFile(p.name, buf[done:done+int(n)], at-p.start); err != nil {
			return done, err
		}
		done += int(n)
	}
	return done, nil
}

// readFile fills buf from a file of the layer. No link is followed out of it.
func (b *layerBlob) readFile(name string, buf []byte, off int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.file == nil || b.name != name {
		f, err := b.root.Open(name)
		if err != nil {
			return err
		}
		if b.file != nil {
			_ = b.file.Close() // it was only read
		}
		b.file, b.name = f, name
	}
	n, err := b.file.ReadAt(buf, off)
	switch {
	case n == len(buf):
		return nil
	case errors.Is(err, io.EOF):
		return fmt.Errorf("/%s: %w", name, io.ErrUnexpectedEOF)
	}
	return err
}

// Close implements io.Closer.
func (b *layerBlob) Close() error {
	err := b.root.Close()
	if b.file != nil {
		err = errors.Join(err, b.file.Close())
	}
	return err
}
