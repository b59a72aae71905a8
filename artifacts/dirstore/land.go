package dirstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/derive"
	"github.com/paddock-dev/paddock/artifacts/staging"
)

// Land fetches what the store lacks into the staging area, without the lock, and then commits it under the lock: see
// artifacts.Store. Of a container image the files below packaging.ImageRoot are
// unpacked; one that has none is refused with an error that wraps artifacts.ErrIsImage. Landing again what
// is damaged also repairs the other names that have the damaged blobs.
func (s *Store) Land(ctx context.Context, plan *artifacts.Plan, opts *artifacts.LandOptions) (*artifacts.Model, error) {
	if opts == nil {
		opts = &artifacts.LandOptions{}
	}
	if len(plan.Pending) > 0 {
		return s.landPending(ctx, plan, opts)
	}
	if err := atrest.CheckWhole(plan); err != nil {
		return nil, fmt.Errorf("landing %s: %w", plan.Name, err)
	}
	l := s.layoutOf(plan.Name)
	r, err := s.landed(ctx, &l, plan)
	if err == nil && r == nil {
		err = s.land(ctx, &l, plan, opts)
		// Somebody emptied the staging area, or removed what was unpacked before: once more, now that it is known.
		if errors.Is(err, errLost) {
			s.logger.Debug("landing again", "name", plan.Name, "error", err)
			err = s.land(ctx, &l, plan, opts)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("landing %s: %w", plan.Name, err)
	}
	if r == nil {
		r = &record{layout: l, digest: plan.Digest, manifest: plan.Manifest}
		r.readDerived()
	}
	return s.model(r), nil
}

// landed returns the layout if it is already here, whole; else nil. While somebody holds the lock it is not: the landing can
// go on meanwhile, and moves no bytes either if it proves to be the second.
func (s *Store) landed(ctx context.Context, l *layout, plan *artifacts.Plan) (*record, error) {
	lock, err := s.lock.Read(ctx, nil, atrest.QuietTries)
	if errors.Is(err, atrest.ErrBusy) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer lock.Release()
	r := l.read()
	if r.digest != plan.Digest || r.derived != nil && !derive.Current(r.derived, plan) {
		return nil, nil
	}
	if whole, err := s.whole(&r); !whole || err != nil {
		return nil, err
	}
	return &r, nil
}

// whole says whether a layout has all that it needs, as far as sizes tell, what is to be unpacked included.
func (s *Store) whole(r *record) (bool, error) {
	if r.err != nil {
		return false, nil
	}
	blobs, err := r.needs()
	if err != nil {
		return false, err
	}
	if damage, err := r.layout.damage(blobs); damage != "" || err != nil {
		return false, err
	}
	return r.derived != nil || !s.derivable(r), nil
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

func (s *Store) land(ctx context.Context, l *layout, plan *artifacts.Plan, opts *artifacts.LandOptions) error {
	if err := s.makeFolders(); err != nil {
		return err
	}
	batch, err := s.area.Fetch(ctx, plan.Needed(), s.stagingOptions(opts))
	if err != nil {
		return err
	}
	var wait func(string)
	if opts.Progress != nil {
		wait = opts.Progress.Wait
	}
	err = s.commitStaged(ctx, l, plan, batch, wait)
	if err == nil || errors.Is(err, errLost) || derive.IsRefused(err) {
		return errors.Join(err, batch.Close())
	}
	// Not closed: that would delete what was fetched, all of it, because of a ^C while another held the lock. The blobs wait
	// for the next landing; their locks go with the batch's files, at the latest when the process ends.
	return err
}
