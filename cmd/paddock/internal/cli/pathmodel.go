package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

// changedError says that the files at a path are no longer what was pulled from there.
type changedError struct{ path, name string }

func (e *changedError) Error() string {
	return e.path + " has changed since it was pulled as " + e.name
}

// pathModel compares the files at a path with the model that a store has under the name that they would get.
type pathModel struct {
	env    *Env
	store  artifacts.Store
	model  *artifacts.Model
	record *pathRecord
}

// checkPath says whether the store's model is that of a path: nil, a *changedError, or an error that wraps ErrNameTaken, if it is of
// other files, or ErrNotFound, if nothing is there any more and the model is not known to be from there.
func checkPath(ctx context.Context, env *Env, store artifacts.Store, m *artifacts.Model, typed, path string) error {
	resolver, err := env.Resolver(&originOptions{})
	if err != nil {
		return err
	}
	plan, err := resolver.Resolve(ctx, typed)
	record := env.recordOf(path)
	switch {
	case errors.Is(err, artifacts.ErrNotFound) && record.has(m.Digest):
		return nil
	case errors.Is(err, artifacts.ErrNotFound):
		return WithHint(err, "name the model that the store has, if it is that: "+m.Name)
	case err != nil:
		return err
	}
	p := &pathModel{env: env, store: store, model: m, record: record}
	return p.compare(ctx, plan.Pending)
}

func (p *pathModel) compare(ctx context.Context, files []artifacts.Pending) error {
	same, err := p.same(ctx, files)
	switch {
	case err != nil:
		return fmt.Errorf("comparing %s with %s: %w", p.record.Path, p.model.Name, err)
	case same:
		return nil
	case p.record.has(p.model.Digest):
		return WithHint(&changedError{path: p.record.Path, name: p.model.Name}, "paddock pull "+p.record.Path)
	}
	return takenByPath(p.env, p.model, p.record.Path)
}

// takenByPath says that a name is that of other files than those at a path, and of which, if that is remembered.
func takenByPath(env *Env, m *artifacts.Model, path string) error {
	was := "other files"
	if r := env.recorded(m.Digest); r != nil {
		was = r.Path
	} else if len(m.Packaging.Files) == 1 {
		was = "another file, " + shortDigest(m.Packaging.Files[0].Digest)
	}
	return nameTaken(m.Name, was, path)
}

func shortDigest(d digest.Digest) string { return d.Algorithm().String() + ":" + shortID(d.String()) }

// same says whether the model consists of these files. What tells them apart without reading all of them goes first.
func (p *pathModel) same(ctx context.Context, files []artifacts.Pending) (bool, error) {
	stored := p.model.Packaging.Files
	if len(files) != len(stored) {
		return false, nil
	}
	of := make([]*packaging.File, len(files))
	for i, f := range files {
		at := slices.IndexFunc(stored, func(s packaging.File) bool {
			return s.Path == f.Name && s.Size == f.Size && s.Encoding == packaging.Raw
		})
		if at < 0 {
			return false, nil
		}
		of[i] = &stored[at]
	}
	for _, cheap := range []bool{true, false} {
		for i := range files {
			same, known, err := p.sameFile(ctx, &files[i], of[i], cheap)
			if err != nil || known && !same {
				return false, err
			}
		}
	}
	return true, nil
}

// sameFile says whether a file of the right size has the bytes of one in the store; if it is to be cheap, only where that is known
// without reading it to its end.
func (p *pathModel) sameFile(ctx context.Context, f *artifacts.Pending, s *packaging.File, cheap bool) (same, known bool, err error) {
	now, err := lookAt(f.Path)
	if err != nil {
		return false, false, err
	}
	was, recorded := p.record.Files[f.Path]
	switch {
	case recorded && was.certain(now):
		return was.Digest == s.Digest, true, nil
	case (!recorded || !was.written(now)) && p.isLink(f.Path, s):
		return true, true, nil
	case cheap:
		same, err := p.beginsAlike(ctx, f, s)
		return same, !same, err
	}
	if f.Size >= manyBytes {
		ui.Note(p.env.Err, fmt.Sprintf("reading %s (%s), to compare it with %s", f.Path, ui.Size(f.Size), p.model.Name))
	}
	if same, err = atrest.Verify(ctx, f.Path, s.Digest); err != nil {
		return false, true, fmt.Errorf("reading %s: %w", f.Path, err)
	}
	return same, true, nil
}

// manyBytes is what takes a while to read.
const manyBytes = 1 << 30

// isLink says whether a file is the store's own by another name.
func (p *pathModel) isLink(path string, s *packaging.File) bool {
	locator, ok := p.store.(artifacts.Locator)
	if !ok {
		return false
	}
	at, err := locator.Locate(p.model, s)
	if err != nil {
		return false
	}
	one, err := os.Stat(path)
	other, err2 := os.Stat(at)
	return err == nil && err2 == nil && os.SameFile(one, other)
}

// beginsAlike compares the first bytes, which have the header of a model.
func (p *pathModel) beginsAlike(ctx context.Context, f *artifacts.Pending, s *packaging.File) (same bool, err error) {
	reader, ok := p.store.(artifacts.Reader)
	if !ok {
		return true, nil // all of it is read
	}
	kept, _, err := reader.OpenFile(ctx, p.model, s)
	if err != nil {
		return true, nil //nolint:nilerr // the store's is damaged: a pull may repair it
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	given, err := os.Open(f.Path)
	if err != nil {
		return false, err
	}
	defer given.Close()
	n := min(f.Size, 1<<20)
	one, other := make([]byte, n), make([]byte, n)
	if _, err := kept.ReadAt(one, 0); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if _, err := io.ReadFull(given, other); err != nil {
		return false, err
	}
	return bytes.Equal(one, other), nil
}

// looks notes how the files of a plan look before they are read; nil if they are not on this machine.
func looks(plan *artifacts.Plan) map[string]fileLook {
	before := map[string]fileLook{}
	for _, f := range plan.Pending {
		if f.Path == "" {
			return nil
		}
		if look, err := lookAt(f.Path); err == nil {
			before[f.Path] = look
		}
	}
	return before
}
