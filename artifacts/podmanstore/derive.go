package podmanstore

import (
	"context"
	"errors"

	"github.com/opencontainers/go-digest"
	imgspecv1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/derive"
	"github.com/paddock-dev/paddock/artifacts/staging"
)

// derive makes the derived artifact of a plan whose blobs are staged; nil if it needs none.
func (s *Store) derive(ctx context.Context, plan *artifacts.Plan, batch *staging.Batch, wait func(string)) (*derive.Derived, error) {
	return derive.Make(ctx, plan, &derive.Options{
		Staged: batch.Path, Parent: s.unpackDir(), Label: s.label(), Wait: wait, Logger: s.logger,
		Ready: func() ([]byte, error) { return s.derivedReady(ctx, plan) },
	})
}

// commitDerived is what is to be committed behind the origin; nil if nothing is.
func (s *Store) commitDerived(d *derive.Derived, origin digest.Digest) (*commit, error) {
	if !d.New() {
		return nil, nil
	}
	c := &commit{
		store: s, name: derivedName(origin),
		desc: descriptor{MediaType: imgspecv1.MediaTypeImageManifest, Digest: digest.FromBytes(d.Manifest), Size: int64(len(d.Manifest))},
		plan: &artifacts.Plan{Manifest: d.Manifest, Blobs: d.Blobs},
	}
	return c, c.pieces(d.Path, d.Path)
}

// derivedReady is derivedWhole for the index as it is now. While another holds it for long, it says no.
func (s *Store) derivedReady(ctx context.Context, plan *artifacts.Plan) ([]byte, error) {
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
	return s.derivedWhole(x, plan)
}
