package dirstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/staging"
)

// Land fetches what the store lacks into the staging area, without the lock, and then commits it under the lock: see
// artifacts.Store. A plan of a container image is refused with an error that wraps artifacts.ErrIsImage. Landing again what
// is damaged also repairs the other names that have the damaged blobs.
func (s *Store) Land(ctx context.Context, plan *artifacts.Plan, opts *artifacts.LandOptions) (*artifacts.Model, error) {
	if opts == nil {
		opts = &artifacts.LandOptions{}
	}
	if len(plan.Pending) > 0 {
		return s.landPending(ctx, plan, opts)
	}
	if err := atrest.CheckPlan(plan); err != nil {
		return nil, fmt.Errorf("landing %s: %w", plan.Name, err)
	}
	l := s.layoutOf(plan.Name)
	refs, err := atrest.ParseRefs(plan.Manifest)
	if err != nil {
		return nil, fmt.Errorf("landing %s: parsing the manifest: %w", plan.Name, err)
	}
	there, err := s.landed(ctx, &l, plan.Digest, refs.Blobs)
	if err == nil && !there {
		err = s.land(ctx, &l, plan, refs.Blobs, opts)
		// Somebody emptied the staging area: once more, now that it is known.
		if errors.Is(err, errLost) {
			s.logger.Debug("landing again", "name", plan.Name, "error", err)
			err = s.land(ctx, &l, plan, refs.Blobs, opts)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("landing %s: %w", plan.Name, err)
	}
	return s.model(&record{layout: l, digest: plan.Digest, manifest: plan.Manifest}), nil
}

// landed says whether the layout is already here, whole. While somebody holds the lock it says no: the landing can go on
// meanwhile, and moves no bytes either if it proves to be the second.
func (s *Store) landed(ctx context.Context, l *layout, d digest.Digest, blobs []atrest.Blob) (bool, error) {
	lock, err := s.lock.Read(ctx, nil, atrest.QuietTries)
	if errors.Is(err, atrest.ErrBusy) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	defer lock.Release()
	return l.holds(d, blobs)
}

// holds says whether the layout is whole, as far as sizes tell, and has this manifest.
func (l *layout) holds(d digest.Digest, blobs []atrest.Blob) (bool, error) {
	if r := l.read(); r.err != nil || r.digest != d {
		return false, nil //nolint:nilerr // it is written anew
	}
	damage, err := l.damage(blobs)
	return damage == "", err
}

// landPending finds out what the files of a plan are, and lands it then. What it found stays staged if that fails.
func (s *Store) landPending(ctx context.Context, plan *artifacts.Plan, opts *artifacts.LandOptions) (*artifacts.Model, error) {
	if err := s.makeFolders(); err != nil {
		return nil, fmt.Errorf("landing %s: %w", plan.Name, err)
	}
	whole, batch, err := atrest.Complete(ctx, s.area, plan, s.stagingOptions(opts))
	if err != nil {
		return nil, fmt.Errorf("landing %s: %w", plan.Name, err)
	}
	m, err := s.Land(ctx, whole, atrest.Rest(opts, batch))
	if err != nil {
		return nil, err
	}
	return m, batch.Close()
}

func (s *Store) stagingOptions(opts *artifacts.LandOptions) *staging.Options {
	return &staging.Options{
		Jobs: opts.Jobs, Progress: opts.Progress, Local: atrest.Candidates(s.own, opts.Local),
		Label: atrest.SELinuxLabel(s.models), Logger: s.logger,
	}
}

func (s *Store) land(ctx context.Context, l *layout, plan *artifacts.Plan, blobs []atrest.Blob, opts *artifacts.LandOptions) error {
	if err := s.makeFolders(); err != nil {
		return err
	}
	batch, err := s.area.Fetch(ctx, plan.Blobs, s.stagingOptions(opts))
	if err != nil {
		return err
	}
	var wait func(string)
	if opts.Progress != nil {
		wait = opts.Progress.Wait
	}
	err = s.commit(ctx, wait, &commit{
		store: s, target: *l, digest: plan.Digest, manifest: plan.Manifest, blobs: blobs,
		source: func(d digest.Digest) (string, error) { return batch.Path(d), nil },
	})
	if err == nil || errors.Is(err, errLost) {
		return errors.Join(err, batch.Close())
	}
	// Not closed: that would delete what was fetched, all of it, because of a ^C while another held the lock. The blobs wait
	// for the next landing; their locks go with the batch's files, at the latest when the process ends.
	return err
}
