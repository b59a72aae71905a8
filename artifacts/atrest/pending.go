package atrest

import (
	"context"
	"errors"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/staging"
)

// Complete finds out what the pending files of a plan are, in the area, and returns the plan that they make, under the same
// name. The batch holds the files there, under their digests, so that landing the plan reads none of them again.
func Complete(ctx context.Context, area *staging.Area, plan *artifacts.Plan, opts *staging.Options) (*artifacts.Plan, *staging.Batch, error) {
	batch, found, err := area.Identify(ctx, plan.Pending, opts)
	if err != nil {
		return nil, nil, err
	}
	whole, err := plan.Complete(found)
	if err != nil {
		return nil, nil, errors.Join(err, batch.Close())
	}
	named := *whole
	named.Name = plan.Name
	return &named, batch, nil
}

// Rest is how to land the plan that Complete returned: nobody is told again of the files that the batch holds.
func Rest(opts *artifacts.LandOptions, held *staging.Batch) *artifacts.LandOptions {
	rest := *opts
	if opts.Progress != nil {
		rest.Progress = &restProgress{opts.Progress, held}
	}
	return &rest
}

// restProgress passes on what is not about files that were announced before.
type restProgress struct {
	artifacts.Progress
	held *staging.Batch
}

// Start implements artifacts.Progress.
func (p *restProgress) Start(d digest.Digest, size, done int64) {
	if p.held.Path(d) == "" {
		p.Progress.Start(d, size, done)
	}
}

// Advance implements artifacts.Progress.
func (p *restProgress) Advance(d digest.Digest, n int64) {
	if p.held.Path(d) == "" {
		p.Progress.Advance(d, n)
	}
}

// Finish implements artifacts.Progress.
func (p *restProgress) Finish(d digest.Digest) {
	if p.held.Path(d) == "" {
		p.Progress.Finish(d)
	}
}
