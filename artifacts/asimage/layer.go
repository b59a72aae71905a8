package asimage

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
)

const (
	blockSize   = 512           // of a tar
	trailerSize = 2 * blockSize // of zeros, at its end
)

// layer is an uncompressed tar with at most one file, never written down: what stands before the file's bytes, the file, and
// zeros.
type layer struct {
	digest digest.Digest
	head   []byte
	size   int64            // of the file, in bytes
	file   artifacts.Opener // nil if there is none
}

// fileLayer is a layer with one file below root, and the folders that it is in.
func fileLayer(ctx context.Context, name string, size int64, open artifacts.Opener) (*layer, error) {
	head, err := headers(parents(name), &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644})
	if err != nil {
		return nil, fmt.Errorf("writing the layer of %s: %w", name, err)
	}
	l := &layer{head: head, size: size, file: open}
	return l, l.hash(ctx)
}

// linkLayer is a layer with one link.
func linkLayer(ctx context.Context, name, target string) (*layer, error) {
	head, err := headers(parents(name), &tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777})
	if err != nil {
		return nil, fmt.Errorf("writing the layer of %s: %w", name, err)
	}
	l := &layer{head: head}
	return l, l.hash(ctx)
}

// parents are the folders that a file is in, outermost first.
func parents(name string) []string {
	var all []string
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		all = append([]string{dir + "/"}, all...)
	}
	return all
}

// headers writes what stands before the bytes of the last entry. Owner, mode and time are the same for everybody.
func headers(folders []string, last *tar.Header) ([]byte, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, dir := range folders {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir, Mode: 0o755, ModTime: time.Unix(0, 0)}); err != nil {
			return nil, err
		}
	}
	last.ModTime = time.Unix(0, 0)
	if err := w.WriteHeader(last); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// length is that of the whole layer in bytes.
func (l *layer) length() int64 {
	return int64(len(l.head)) + (l.size+blockSize-1)/blockSize*blockSize + trailerSize
}

// open is an artifacts.Opener.
func (l *layer) open(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	if length < 0 {
		length = l.length() - offset
	}
	if offset < 0 || length < 0 || offset+length > l.length() {
		return nil, fmt.Errorf("reading a layer of %d bytes at %d: no %d bytes are there", l.length(), offset, length)
	}
	r := &layerReader{}
	start := int64(len(l.head))
	if offset < start {
		r.parts = append(r.parts, bytes.NewReader(l.head[offset:]))
	}
	if from := max(offset-start, 0); l.file != nil && from < l.size && offset+length > start {
		body, err := l.file(ctx, from, min(l.size-from, offset+length-start-from))
		if err != nil {
			return nil, err
		}
		r.Closer = body
		r.parts = append(r.parts, body)
	}
	zeros := l.length() - max(offset, start+l.size)
	if zeros > 0 {
		r.parts = append(r.parts, strings.NewReader(strings.Repeat("\x00", int(zeros))))
	}
	r.Reader = io.LimitReader(io.MultiReader(r.parts...), length)
	return r, nil
}

type layerReader struct {
	io.Reader
	io.Closer // of the file; nil if it is not read
	parts     []io.Reader
}

// Close closes the file.
func (r *layerReader) Close() error {
	if r.Closer == nil {
		return nil
	}
	return r.Closer.Close()
}

// hash reads the layer once.
func (l *layer) hash(ctx context.Context) (err error) {
	r, err := l.open(ctx, 0, -1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	l.digest, err = hashAll(ctx, r, l.length())
	return err
}

// hashAll hashes exactly size bytes.
func hashAll(ctx context.Context, r io.Reader, size int64) (digest.Digest, error) {
	h := digest.Canonical.Digester()
	n, err := io.CopyBuffer(struct{ io.Writer }{h.Hash()}, &stoppable{ctx, r}, make([]byte, 256<<10))
	if err != nil {
		return "", err
	}
	if n != size {
		return "", fmt.Errorf("it has %d bytes, not %d: %w", n, size, io.ErrUnexpectedEOF)
	}
	return h.Digest(), nil
}

// stoppable ends a long read when nobody wants it any more.
type stoppable struct {
	ctx context.Context //nolint:containedctx // an io.Reader has no other way to have one
	io.Reader
}

func (s *stoppable) Read(p []byte) (int, error) {
	if err := context.Cause(s.ctx); err != nil {
		return 0, err
	}
	return s.Reader.Read(p)
}
