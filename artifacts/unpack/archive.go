package unpack

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// archive is one layer that is being unpacked.
type archive struct {
	layer   *packaging.File
	out     *output
	spent   *spending
	budget  int64     // bytes that the entries may still have
	members []*member // files and links, in order
	regular map[string]*member
	links   map[string]*member
	folders map[string]bool // that have entries of their own
	tarSize int64           // of the whole, once it is read
}

// member is one file of an archive, or a link to one.
type member struct {
	name   string // clean
	target string // of a link: a clean name in the archive
	digest digest.Digest
	size   int64
	head   []byte // the first bytes
}

func newArchive(out *output, spent *spending, f *packaging.File) *archive {
	return &archive{
		layer: f, out: out, spent: spent, budget: spent.layer(f.Size),
		regular: map[string]*member{}, links: map[string]*member{}, folders: map[string]bool{},
	}
}

// read streams the archive: contents go to the output, names are remembered.
func (a *archive) read(ctx context.Context, open Opener) error {
	return a.stream(ctx, open, func(ctx context.Context, hdr *tar.Header, r io.Reader) error {
		if err := a.spent.entry(hdr); err != nil {
			return err
		}
		return a.entry(ctx, hdr, r)
	})
}

// taker takes in one entry of an archive, whose content r reads.
type taker func(ctx context.Context, hdr *tar.Header, r io.Reader) error

// stream reads the archive to its end, and verifies it.
func (a *archive) stream(ctx context.Context, open Opener, take taker) error {
	s, err := openStream(ctx, a.layer, open, a.budget)
	if err != nil {
		return err
	}
	err = take.entries(ctx, tar.NewReader(s.tar))
	if err == nil {
		err = s.drain()
	}
	closed := s.close()
	var broken *readError
	switch {
	case errors.As(err, &broken):
		return broken.locate(s.explain(broken.err))
	case err != nil:
		return err
	case closed != nil:
		return fmt.Errorf("closing it: %w", closed)
	}
	a.tarSize = s.tar.n
	return s.verify()
}

func (take taker) entries(ctx context.Context, r *tar.Reader) error {
	for {
		hdr, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return &readError{err: err}
		}
		err = take(ctx, hdr, r)
		if broken, ok := errors.AsType[*readError](err); ok {
			broken.entry = hdr.Name
			return broken
		} else if err != nil {
			return fmt.Errorf("entry %.300q: %w", hdr.Name, err)
		}
	}
}

// setID are the set-user-ID and set-group-ID bits of a mode in a tar header (POSIX.1-2024, pax, ustar Interchange Format).
const setID = 0o6000

// entry takes in one entry. Other modes, owners, times and attributes mean nothing here.
func (a *archive) entry(ctx context.Context, hdr *tar.Header, r io.Reader) error {
	if isSparse(hdr) {
		return fmt.Errorf("%w: it is a sparse file, whose holes cost its publisher nothing", packaging.ErrUnsafePath)
	}
	switch hdr.Typeflag {
	case tar.TypeReg:
		return a.file(ctx, hdr, r)
	case tar.TypeSymlink, tar.TypeLink:
		return a.link(hdr)
	case tar.TypeDir:
		return a.folder(hdr.Name)
	case tar.TypeXGlobalHeader:
		return checkGlobal(hdr)
	case tar.TypeChar, tar.TypeBlock:
		return fmt.Errorf("%w: it is a device", packaging.ErrUnsafePath)
	case tar.TypeFifo:
		return fmt.Errorf("%w: it is a named pipe", packaging.ErrUnsafePath)
	}
	return fmt.Errorf("%w: it is of the unknown type %q", packaging.ErrUnsafePath, hdr.Typeflag)
}

// isSparse says whether a file has holes in one of the ways of GNU tar (its manual, "Storing Sparse Files"). No tool that packs
// models makes them.
func isSparse(hdr *tar.Header) bool {
	for key := range hdr.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return hdr.Typeflag != tar.TypeXGlobalHeader
		}
	}
	return hdr.Typeflag == tar.TypeGNUSparse
}

func (a *archive) file(ctx context.Context, hdr *tar.Header, r io.Reader) error {
	name, err := packaging.CleanPath(hdr.Name)
	if err != nil {
		return err
	}
	if strings.HasSuffix(hdr.Name, "/") {
		return fmt.Errorf("%w: it is a file with the name of a folder", packaging.ErrUnsafePath)
	}
	if hdr.Mode&setID != 0 {
		return fmt.Errorf("%w: it would run as another user (set-id bits in its mode)", packaging.ErrUnsafePath)
	}
	if err := a.afford(hdr); err != nil {
		return err
	}
	m, err := a.out.add(ctx, r)
	if err != nil {
		return err
	}
	m.name = name
	a.members = append(a.members, m)
	if a.regular[name] == nil {
		a.regular[name] = m
	}
	return nil
}

func (a *archive) folder(name string) error {
	if name != "" && !path.IsAbs(name) && path.Clean(name) == "." && !strings.Contains(name, "..") {
		return nil // "./", the root of the archive
	}
	clean, err := packaging.CleanPath(name)
	if err != nil {
		return err
	}
	a.folders[clean] = true
	return nil
}

// checkGlobal refuses a global header that gives names or sizes to the entries after it: tools disagree on what it means
// (POSIX.1-2024, pax, Extended Header Precedence). What others say, such as git's comment, changes nothing.
func checkGlobal(hdr *tar.Header) error {
	for key := range hdr.PAXRecords {
		if key == "path" || key == "linkpath" || key == "size" || strings.HasPrefix(key, "GNU.sparse.") {
			return fmt.Errorf("%w: it sets %s for all entries", packaging.ErrUnsafePath, key)
		}
	}
	return nil
}
