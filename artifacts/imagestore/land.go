package imagestore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// Land fetches the layers that the storage lacks into the staging area, and then has them written to the storage: see
// artifacts.Store. An image that carries no model is refused, and so is one whose files lead out of the folder of the models.
func (s *Store) Land(ctx context.Context, plan *artifacts.Plan, opts *artifacts.LandOptions) (*artifacts.Model, error) {
	return atrest.LandImage(ctx, plan, opts, s.land)
}

func (s *Store) land(ctx context.Context, plan *artifacts.Plan, opts *artifacts.LandOptions) (*artifacts.Model, error) {
	name := plan.Name.String()
	there, err := s.there(ctx, plan)
	switch {
	case err != nil:
		return nil, err
	case there != nil && !slices.Contains(there.image.Names, name):
		_, err = s.ask(ctx, &request{Do: doTag, ID: there.image.ID, Name: name})
	case there == nil:
		if err = s.fetch(ctx, plan, opts, true); errors.Is(err, errLost) {
			err = s.fetch(ctx, plan, opts, false)
		}
	}
	if err != nil {
		return nil, err
	}
	r, err := s.read()
	if err != nil {
		return nil, err
	}
	d, err := r.byDigest(plan.Digest)
	switch {
	case err != nil:
		return nil, err
	case d == nil:
		return nil, fmt.Errorf("%w: it was removed just now", artifacts.ErrNotFound)
	}
	s.restoreNames(ctx, d)
	return d.named(name), nil
}

// byDigest returns the model of a manifest; nil if there is none.
func (r *records) byDigest(d digest.Digest) (*described, error) {
	for i := range r.images {
		if r.images[i].digest() == d {
			if found, err := r.describe(&r.images[i]); found != nil || err != nil {
				return found, err
			}
		}
	}
	return nil, nil
}

// there returns the model of a plan if the storage has it whole, whatever its names; else nil.
func (s *Store) there(ctx context.Context, plan *artifacts.Plan) (*described, error) {
	r, err := s.read()
	if err != nil {
		return nil, err
	}
	d, err := r.byDigest(plan.Digest)
	if err != nil || d == nil || len(d.image.Names) == 0 {
		return nil, err
	}
	damaged, err := s.check(ctx, r, &d.model, false)
	if err != nil || len(damaged) > 0 {
		return nil, err
	}
	return d, nil
}

// fetch stages the blobs, and has the image written; reuse says to stage no layer that the storage has.
func (s *Store) fetch(ctx context.Context, plan *artifacts.Plan, opts *artifacts.LandOptions, reuse bool) error {
	wanted := plan.Blobs
	if reuse {
		var err error
		if wanted, err = s.lacking(plan, opts.Progress); err != nil {
			return err
		}
	}
	batch, err := atrest.StageImage(ctx, s.area, s.StagingDir(), wanted, opts, s.logger)
	if err != nil {
		return err
	}
	blobs := make(map[digest.Digest]string, len(wanted))
	for i := range wanted {
		blobs[wanted[i].Digest] = batch.Path(wanted[i].Digest)
	}
	if opts.Progress != nil {
		opts.Progress.Wait("unpacking into Podman's storage")
		defer opts.Progress.Wait("")
	}
	_, err = s.ask(ctx, &request{
		Do: doLand, Name: plan.Name.String(), Manifest: plan.Manifest, MediaType: plan.MediaType, Blobs: blobs, Temp: s.writingDir(),
	})
	if ctx.Err() != nil {
		err = errors.Join(ctx.Err(), err)
	}
	var refused *answeredError
	if err == nil || errors.As(err, &refused) && !errors.Is(err, context.Canceled) && !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) {
		err = errors.Join(err, batch.Close())
	} // else the blobs wait for the next landing; their locks go with the process
	return err
}

// lacking returns the blobs that are to be fetched: the config, and the layers that the storage has not, from whatever image.
func (s *Store) lacking(plan *artifacts.Plan, progress artifacts.Progress) ([]artifacts.Blob, error) {
	r, err := s.read()
	if err != nil {
		return nil, err
	}
	have := map[digest.Digest]bool{}
	for _, l := range r.layers {
		if dir := s.diffDir(l.ID); dir != "" {
			if _, err := os.Lstat(dir); err != nil {
				continue
			}
		}
		have[l.Compressed], have[l.Diff] = true, true
	}
	refs, err := atrest.ParseRefs(plan.Manifest)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(plan.Blobs), func(b artifacts.Blob) bool {
		reused := have[b.Digest] && (refs.Config == nil || refs.Config.Digest != b.Digest)
		if reused && progress != nil {
			progress.Start(b.Digest, b.Size, b.Size)
			progress.Finish(b.Digest)
		}
		return reused
	}), nil
}
