package podmanstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/opencontainers/go-digest"
	imgspecv1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/staging"
	"github.com/paddock-dev/paddock/artifacts/unpack"
)

// derivation is a derived artifact that is to be committed with its origin.
type derivation struct {
	store    *Store
	manifest []byte
	blobs    []artifacts.Blob
	batch    *staging.Batch
	space    *workspace // nil if the store has the artifact already
}

// derive makes the derived artifact of a plan whose blobs are staged; nil if it needs none. It reads and writes beside the
// store, without the store's lock. The derivation must be closed.
func (s *Store) derive(ctx context.Context, plan *artifacts.Plan, batch *staging.Batch, wait func(string)) (*derivation, error) {
	model, err := s.derivable(plan, batch)
	if model == nil || err != nil {
		return nil, err
	}
	space, err := s.openWorkspace(ctx, plan.Digest, wait)
	if err != nil {
		return nil, err
	}
	d := &derivation{store: s, batch: batch, space: space}
	// Another process may have made it while this one waited for the workspace.
	ready, err := s.derivedReady(ctx, plan.Digest)
	switch {
	case err != nil:
		return nil, errors.Join(err, d.close())
	case ready != nil:
		d.manifest = ready
		err := d.close()
		d.space = nil
		return d, err
	}
	if wait != nil {
		wait("unpacking the files of " + plan.Name.String())
		defer wait("")
	}
	err = d.make(ctx, plan, model)
	if errors.Is(err, unpack.ErrNothing) {
		return nil, d.close()
	} else if err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// derivable parses the manifest of a plan; nil if nothing is to be derived from it, be it that it cannot be parsed. Files that
// may not exist are refused: the error wraps packaging.ErrUnsafePath.
func (s *Store) derivable(plan *artifacts.Plan, batch *staging.Batch) (*packaging.Model, error) {
	refs, err := atrest.ParseRefs(plan.Manifest)
	if err != nil {
		return nil, fmt.Errorf("parsing the manifest: %w", err)
	}
	var config []byte
	if c := refs.Config; c != nil && c.Size <= packaging.MaxConfigSize {
		if config, err = os.ReadFile(batch.Path(c.Digest)); err != nil {
			return nil, fmt.Errorf("reading the config: %w", err)
		}
	}
	model, err := packaging.Parse(plan.Manifest, config)
	switch {
	case errors.Is(err, packaging.ErrUnsafePath):
		return nil, err // the config of a ModelKit names files, too
	case err != nil:
		s.logger.Debug("not deriving from a manifest", "name", plan.Name, "error", err)
		return nil, nil
	}
	if !model.Derivable {
		return nil, nil
	}
	return model, nil
}

// make unpacks the layers into the workspace, and writes the manifest of what comes out.
func (d *derivation) make(ctx context.Context, plan *artifacts.Plan, model *packaging.Model) error {
	open := func(_ context.Context, layer digest.Digest) (io.ReadCloser, error) {
		return os.Open(d.batch.Path(layer))
	}
	res, err := unpack.Model(ctx, model, open, d.space.dir, &unpack.Options{Label: d.store.label()})
	if err != nil {
		return err
	}
	var config []byte
	d.manifest, config, err = packaging.Derive(&packaging.Origin{Name: plan.Name.Repository(), Manifest: plan.Manifest}, res.Files)
	if err != nil {
		return err
	}
	for _, made := range [][]byte{config, d.manifest} {
		if err := writeFile(unpack.Path(d.space.dir, digest.FromBytes(made)), made); err != nil {
			return err
		}
	}
	refs, err := atrest.ParseRefs(d.manifest)
	if err != nil {
		return fmt.Errorf("parsing the derived manifest: %w", err)
	}
	for _, b := range refs.Blobs {
		d.blobs = append(d.blobs, artifacts.Blob{Digest: b.Digest, Size: b.Size})
	}
	return nil
}

// staged is where a blob of the derived artifact is before it is committed: unpacked, or a layer of the origin.
func (d *derivation) staged(blob digest.Digest) string {
	if path := d.batch.Path(blob); path != "" {
		return path
	}
	return unpack.Path(d.space.dir, blob)
}

// commit is what is to be committed behind the origin; nil if nothing is.
func (d *derivation) commit(origin digest.Digest) (*commit, error) {
	if d == nil || d.space == nil {
		return nil, nil
	}
	c := &commit{
		store: d.store, name: derivedName(origin),
		desc: descriptor{MediaType: imgspecv1.MediaTypeImageManifest, Digest: digest.FromBytes(d.manifest), Size: int64(len(d.manifest))},
		plan: &artifacts.Plan{Manifest: d.manifest, Blobs: d.blobs},
	}
	return c, c.pieces(d.staged, d.staged)
}

// isRefused says whether an error is one of archives that no other attempt will unpack.
func isRefused(err error) bool {
	return errors.Is(err, artifacts.ErrVerification) || errors.Is(err, packaging.ErrUnsafePath) || errors.Is(err, packaging.ErrInvalidManifest)
}

// bytes returns the derived manifest; nil if there is none.
func (d *derivation) bytes() []byte {
	if d == nil {
		return nil
	}
	return d.manifest
}

// close removes what was not committed.
func (d *derivation) close() error {
	if d == nil || d.space == nil {
		return nil
	}
	return d.space.close()
}

// derivedReady is derivedWhole for the index as it is now. While another holds it for long, it says no.
func (s *Store) derivedReady(ctx context.Context, origin digest.Digest) ([]byte, error) {
	lock, err := s.lockRead(ctx, nil, atrest.QuietTries)
	if errors.Is(err, atrest.ErrBusy) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	x, err := s.readIndex()
	lock.Release()
	if err != nil {
		return nil, err
	}
	return s.derivedWhole(x, origin)
}
