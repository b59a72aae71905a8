package atrest

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/pack"
	"github.com/paddock-dev/paddock/artifacts/staging"
)

// Complete finds out what the pending files of a plan are, in the area, and returns the plan that they make, under the same
// name. Nobody said their digests, so that a file which its server cut is told by its own header alone: the error wraps
// artifacts.ErrVerification. The batch holds the files there, under their digests, so that landing the plan reads none of them again.
func Complete(ctx context.Context, area *staging.Area, plan *artifacts.Plan, opts *staging.Options) (*artifacts.Plan, *staging.Batch, error) {
	batch, found, err := area.Identify(ctx, plan.Pending, opts)
	if err != nil {
		return nil, nil, err
	}
	for i := 0; i < len(found) && err == nil; i++ {
		err = refuseCut(&plan.Pending[i], batch.Path(found[i].Digest))
	}
	var whole *artifacts.Plan
	if err == nil {
		whole, err = plan.Complete(found)
	}
	if err != nil {
		return nil, nil, errors.Join(err, batch.Close())
	}
	named := *whole
	named.Name = plan.Name
	return &named, batch, nil
}

// refuseCut judges a file that arrived.
func refuseCut(p *artifacts.Pending, at string) (err error) {
	f, err := os.Open(at)
	if err != nil {
		return fmt.Errorf("reading %s: %w", p.Name, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("reading %s: %w", p.Name, err)
	}
	return pack.Cut(p.Name, f, info.Size())
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
