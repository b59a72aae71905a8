package dockerstore

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// Check says whether Docker has the image: see artifacts.Checker. With verify every file of the model is read. Docker keeps
// layers in a form of its own, so that damage is that of the whole image.
func (s *Store) Check(ctx context.Context, m *artifacts.Model, verify bool) ([]artifacts.Damage, error) {
	damaged, err := s.check(ctx, m, verify)
	if err != nil {
		return nil, fmt.Errorf("checking %s: %w", atrest.Label(m.Name), err)
	}
	return damaged, nil
}

func (s *Store) check(ctx context.Context, m *artifacts.Model, verify bool) ([]artifacts.Damage, error) {
	l, err := s.byDigest(ctx, m.Digest)
	if err != nil {
		return nil, err
	}
	if l == nil {
		return missing(m)
	}
	if !verify {
		return nil, nil
	}
	problem, err := s.verify(ctx, &l.record)
	if problem == "" || err != nil {
		return nil, err
	}
	return []artifacts.Damage{{Digest: m.Digest, Size: int64(len(m.Manifest)), Problem: problem}}, nil
}

func missing(m *artifacts.Model) ([]artifacts.Damage, error) {
	refs, err := atrest.ParseRefs(m.Manifest)
	if err != nil {
		return nil, err
	}
	damaged := []artifacts.Damage{{Digest: m.Digest, Size: int64(len(m.Manifest)), Problem: atrest.ProblemMissing}}
	for _, b := range refs.Blobs {
		damaged = append(damaged, artifacts.Damage{Digest: b.Digest, Size: b.Size, Problem: atrest.ProblemMissing})
	}
	return damaged, nil
}

// verify reads the folder of the models, and says what is wrong with it; "" if nothing is. Of a link its target counts, which
// is in the folder, too.
func (s *Store) verify(ctx context.Context, r *record) (problem string, err error) {
	files, end, err := s.export(ctx, r, packaging.ImageRoot)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, end()) }()
	found, links := map[string]digest.Digest{}, map[string]bool{}
	for {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return "", fmt.Errorf("reading the files in Docker: %w", err)
		}
		name := strings.TrimPrefix(path.Clean("/"+h.Name), packaging.ImageRoot+"/")
		switch h.Typeflag {
		case tar.TypeReg:
			if found[name], err = digest.FromReader(files); err != nil {
				return "", fmt.Errorf("reading %s in Docker: %w", name, err)
			}
		case tar.TypeLink:
			found[name] = found[strings.TrimPrefix(path.Clean("/"+h.Linkname), packaging.ImageRoot+"/")]
		case tar.TypeSymlink:
			links[name] = true
		}
	}
	for _, f := range r.Files {
		got, there := found[f.Path]
		switch {
		case links[f.Path]:
		case !there:
			return fmt.Sprintf("lacks its file %s", path.Join(packaging.ImageRoot, f.Path)), nil
		case got != f.Digest:
			return fmt.Sprintf("has other bytes in its file %s", path.Join(packaging.ImageRoot, f.Path)), nil
		}
	}
	return "", nil
}
