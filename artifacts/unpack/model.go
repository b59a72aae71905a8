package unpack

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// ErrNothing says that no layer of a model that no manifest describes (packaging.Unknown) looks like weights or an archive,
// or that a container image carries no model.
var ErrNothing = errors.New("nothing in it is known to be a model's")

// Opener opens the bytes of a layer from their start. They need not be verified.
type Opener func(ctx context.Context, d digest.Digest) (io.ReadCloser, error)

// Result is a model as single files.
type Result struct {
	// Files are all files of the model, those that were single already and those from archives. Their paths are clean and
	// unique, and all can exist together. Files with one content have one digest, if the layers that are files have sha256.
	Files []packaging.BuildFile
	// Written are the contents that now lie in the folder, with their sizes in bytes; see Path. All others are layers.
	Written map[digest.Digest]int64
}

// Model unpacks every archive of a model into dir, which must exist, and says what the files of the model are.
//
// The layer's digest and size, and its DiffID if there is one, are compared with what is read; content is written under its
// sha256 digest, once, synced, and with mode 0644. A file without a name from its publisher gets an extension by its first
// bytes, and gives way to a file of an archive that has the same path.
//
// The error wraps artifacts.ErrVerification or packaging.ErrUnsafePath as the package says, or ErrNothing; whatever the
// error, what this call wrote is removed again.
func Model(ctx context.Context, m *packaging.Model, open Opener, dir string, opts *Options) (res *Result, err error) {
	limits := opts.withDefaults()
	out := &output{dir: dir, label: limits.Label, written: map[digest.Digest]int64{}}
	defer func() {
		if err != nil {
			res, err = nil, errors.Join(err, out.discard())
		}
	}()
	files, err := identify(ctx, m, open)
	if err != nil {
		return nil, err
	}
	t := newTree()
	for i := range files {
		if files[i].Encoding == packaging.Raw && !files[i].MadeUp {
			if err := t.addLayer(&files[i]); err != nil {
				return nil, err
			}
		}
	}
	spent := &spending{limits: limits}
	for i := range files {
		if files[i].Encoding == packaging.Raw {
			continue
		}
		if err := unpackLayer(ctx, &files[i], open, out, spent, t); err != nil {
			return nil, fmt.Errorf("unpacking %s: %w", label(&files[i]), err)
		}
	}
	for i := range files {
		if files[i].Encoding == packaging.Raw && files[i].MadeUp {
			t.addNameless(&files[i])
		}
	}
	if err := t.check(); err != nil {
		return nil, err
	}
	if err := out.finish(); err != nil {
		return nil, err
	}
	return &Result{Files: t.files, Written: out.written}, nil
}

// label names a layer in errors.
func label(f *packaging.File) string { return fmt.Sprintf("layer %s (%.300q)", f.Digest, f.Path) }

func unpackLayer(ctx context.Context, f *packaging.File, open Opener, out *output, spent *spending, t *tree) error {
	if err := checkDigests(f); err != nil {
		return err
	}
	a := newArchive(out, spent, f)
	if err := a.read(ctx, open); err != nil {
		return err
	}
	members, err := a.settle()
	if err != nil {
		return err
	}
	for _, m := range members {
		if err := t.addEntry(f, place(f, m, len(members) == 1), m); err != nil {
			return err
		}
	}
	return nil
}
