package podmanstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"
	imgspecv1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/staging"
)

// Land fetches what the store lacks into the staging area, without the lock, and then commits it under the lock: see
// artifacts.Store. A plan of a container image is refused with an error that wraps artifacts.ErrIsImage, and so is, with
// other errors, whatever Podman could not read back: an index, a Docker manifest, a manifest with a malformed date.
func (s *Store) Land(ctx context.Context, plan *artifacts.Plan, opts *artifacts.LandOptions) (*artifacts.Model, error) {
	if opts == nil {
		opts = &artifacts.LandOptions{}
	}
	if err := checkPlan(plan); err != nil {
		return nil, fmt.Errorf("landing %s: %w", plan.Name, err)
	}
	desc := descriptor{MediaType: imgspecv1.MediaTypeImageManifest, Digest: plan.Digest, Size: int64(len(plan.Manifest))}
	there, derived, err := s.landed(ctx, plan, desc)
	if err != nil {
		return nil, fmt.Errorf("landing %s: %w", plan.Name, err)
	}
	if !there {
		derived, err = s.land(ctx, plan, desc, opts)
		// Somebody emptied the staging area, or removed a blob in the wrong moment: once more, now that it is known.
		if errors.Is(err, errLost) {
			s.logger.Debug("landing again", "name", plan.Name, "error", err)
			derived, err = s.land(ctx, plan, desc, opts)
		}
		if err != nil {
			return nil, fmt.Errorf("landing %s: %w", plan.Name, err)
		}
	}
	m := s.model(&entry{desc: desc}, plan.Name.String(), plan.Manifest, nil)
	s.adopt(m, derived)
	return m, nil
}

// landed says whether the plan is already here, whole, under its name, and returns what was derived from it. While a podman artifact pull holds the lock it says
// no: the landing can go on meanwhile, and moves no bytes either if it proves to be the second.
func (s *Store) landed(ctx context.Context, plan *artifacts.Plan, desc descriptor) (there bool, derived []byte, err error) {
	lock, err := s.lockRead(ctx, atrest.QuietTries)
	if errors.Is(err, atrest.ErrBusy) {
		return false, nil, nil
	} else if err != nil {
		return false, nil, err
	}
	defer lock.Release()
	x, err := s.readIndex()
	if err != nil {
		return false, nil, err
	}
	if _, changed, err := x.put(plan.Name.String(), desc); changed || err != nil {
		return false, nil, err
	}
	if _, err := s.readManifest(plan.Digest); err != nil {
		return false, nil, nil //nolint:nilerr // it is written anew
	}
	for i := range plan.Blobs {
		state, _, err := s.statBlob(plan.Blobs[i].Digest, plan.Blobs[i].Size)
		if err != nil || state != atrest.Whole {
			return false, nil, err
		}
	}
	if !s.model(&entry{desc: desc}, plan.Name.String(), plan.Manifest, nil).Packaging.Derivable {
		return true, nil, nil
	}
	derived, err = s.derivedWhole(x, plan.Digest)
	return derived != nil, derived, err
}

// land stages and commits a plan and what is derived from it, and returns the derived manifest; nil if there is none.
func (s *Store) land(ctx context.Context, plan *artifacts.Plan, desc descriptor, opts *artifacts.LandOptions) ([]byte, error) {
	if err := os.MkdirAll(filepath.Dir(s.work.staging), 0o700); err != nil {
		return nil, fmt.Errorf("preparing the staging area: %w", err)
	}
	batch, err := s.area.Fetch(ctx, plan.Blobs, &staging.Options{
		Jobs: opts.Jobs, Progress: opts.Progress, Local: s.local, Label: s.label(), Logger: s.logger,
	})
	if err != nil {
		return nil, err
	}
	var wait func(string)
	if opts.Progress != nil {
		wait = opts.Progress.Wait
	}
	derived, err := s.derive(ctx, plan, batch, wait)
	if err == nil {
		err = s.commit(ctx, wait, &commit{
			store: s, name: plan.Name.String(), desc: desc, plan: plan, staged: batch.Path, touched: map[string]bool{},
			derived: derived.commit(plan.Digest),
		})
	}
	err = errors.Join(err, derived.close())
	if err == nil || errors.Is(err, errLost) || isRefused(err) {
		return derived.bytes(), errors.Join(err, batch.Close())
	}
	// Not closed: that would delete what was fetched, all of it, because of a ^C while Podman held the lock. The blobs wait
	// for the next landing; their locks go with the batch's files, at the latest when the process ends.
	return nil, err
}

// local offers the store's own blob to the staging area, which pins it by a hard link: a removal in another process then
// cannot take it away.
func (s *Store) local(d digest.Digest, size int64) []staging.Candidate {
	state, _, err := s.statBlob(d, size)
	if err != nil || state != atrest.Whole {
		return nil // then it is fetched
	}
	path, err := s.blobPath(d)
	if err != nil {
		return nil
	}
	return []staging.Candidate{{Path: path, Trusted: true}}
}
