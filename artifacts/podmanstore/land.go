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
	"github.com/paddock-dev/paddock/artifacts/derive"
	"github.com/paddock-dev/paddock/artifacts/staging"
)

// Land fetches what the store lacks into the staging area, without the lock, and then commits it under the lock: see
// artifacts.Store. A plan of a container image is refused with an error that wraps artifacts.ErrIsImage, and so is, with
// other errors, whatever Podman could not read back: an index, a Docker manifest, a manifest with a malformed date.
func (s *Store) Land(ctx context.Context, plan *artifacts.Plan, opts *artifacts.LandOptions) (*artifacts.Model, error) {
	if opts == nil {
		opts = &artifacts.LandOptions{}
	}
	if len(plan.Pending) > 0 {
		return s.landPending(ctx, plan, opts)
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
		if derived, err = s.land(ctx, plan, desc, opts, true); err != nil {
			return nil, fmt.Errorf("landing %s: %w", plan.Name, err)
		}
	}
	m := s.model(&entry{desc: desc}, plan.Name.String(), plan.Manifest, nil)
	s.adopt(m, derived)
	return m, nil
}

// landed says whether the plan is already here, whole, under its name, and returns what was derived from it. While a podman
// artifact pull holds the lock it says no: the landing can go on meanwhile, and moves no bytes either if it proves to be the
// second.
func (s *Store) landed(ctx context.Context, plan *artifacts.Plan, desc descriptor) (there bool, derived []byte, err error) {
	lock, err := s.lockRead(ctx, nil, atrest.QuietTries)
	if errors.Is(err, atrest.ErrBusy) {
		return false, nil, nil
	} else if err != nil {
		return false, nil, err
	}
	x, err := s.readIndex()
	lock.Release() // the blobs are looked at without it: who removes them now could do so just after, too
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
	derived, err = s.derivedWhole(x, plan)
	return derived != nil, derived, err
}

// landPending finds out what the files of a plan are, and lands it then. What it found stays staged if that fails.
func (s *Store) landPending(ctx context.Context, plan *artifacts.Plan, opts *artifacts.LandOptions) (*artifacts.Model, error) {
	staged, err := s.stagingOptions(opts)
	if err != nil {
		return nil, fmt.Errorf("landing %s: %w", plan.Name, err)
	}
	whole, batch, err := atrest.Complete(ctx, s.area, plan, staged)
	if err != nil {
		return nil, fmt.Errorf("landing %s: %w", plan.Name, err)
	}
	m, err := s.Land(ctx, whole, atrest.Rest(opts, batch))
	if err != nil {
		return nil, err
	}
	return m, batch.Close()
}

// stagingOptions makes the folder above the staging area, which is private, and says how blobs are staged.
func (s *Store) stagingOptions(opts *artifacts.LandOptions) (*staging.Options, error) {
	if err := os.MkdirAll(filepath.Dir(s.work.staging), 0o700); err != nil {
		return nil, fmt.Errorf("preparing the staging area: %w", err)
	}
	return &staging.Options{
		Jobs: opts.Jobs, Progress: opts.Progress, Local: atrest.Candidates(s.own, opts.Local), Label: s.label(), Logger: s.logger,
	}, nil
}

// land fetches a plan, and commits it with what is derived from it, of which it returns the manifest; nil if there is none.
// retry says to do so once more if a blob was lost on the way.
func (s *Store) land(
	ctx context.Context, plan *artifacts.Plan, desc descriptor, opts *artifacts.LandOptions, retry bool,
) (derived []byte, err error) {
	staged, err := s.stagingOptions(opts)
	if err != nil {
		return nil, err
	}
	batch, err := s.area.Fetch(ctx, plan.Needed(), staged)
	if err != nil {
		return nil, err
	}
	derived, err = s.commitStaged(ctx, plan, desc, opts, batch)
	if retry && errors.Is(err, errLost) {
		// Somebody emptied the staging area, or removed a blob in the wrong moment. The batch stays open meanwhile, so that
		// only what is lost is fetched again.
		s.logger.Debug("landing again", "name", plan.Name, "error", err)
		derived, err = s.land(ctx, plan, desc, opts, false)
	}
	if err != nil && !derive.IsRefused(err) {
		// Not closed: that would delete what was fetched, all of it, because of a ^C while Podman held the lock. The blobs
		// wait for the next landing; their locks go with the batch's files, at the latest when the process ends.
		return nil, err
	}
	return derived, errors.Join(err, batch.Close())
}

// commitStaged derives what is to be derived, and commits. It stages the manifest, too: one of 5,000 layers has a megabyte,
// which is not to be written and synced under the lock.
func (s *Store) commitStaged(
	ctx context.Context, plan *artifacts.Plan, desc descriptor, opts *artifacts.LandOptions, blobs *staging.Batch,
) (_ []byte, err error) {
	manifest, err := s.area.Fetch(ctx, []artifacts.Blob{{Digest: desc.Digest, Size: desc.Size, Data: plan.Manifest}},
		&staging.Options{Jobs: 1, Label: s.label(), Logger: s.logger})
	if err != nil {
		return nil, fmt.Errorf("staging the manifest: %w", err)
	}
	defer func() { err = errors.Join(err, manifest.Close()) }()
	var wait func(string)
	if opts.Progress != nil {
		wait = opts.Progress.Wait
	}
	derived, err := s.derive(ctx, plan, blobs, wait)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, derived.Close()) }()
	c := &commit{store: s, name: plan.Name.String(), desc: desc, plan: plan}
	if err := c.pieces(blobs.Path, manifest.Path); err != nil {
		return nil, err
	}
	if c.derived, err = s.commitDerived(derived, plan.Digest); err != nil {
		return nil, err
	}
	return derived.Bytes(), s.commit(ctx, wait, c)
}

// own is the store's blob, which the staging area pins by a hard link: a removal in another process then cannot take it
// away.
func (s *Store) own(d digest.Digest, size int64) []string {
	state, _, err := s.statBlob(d, size)
	if err != nil || state != atrest.Whole {
		return nil // then it is fetched
	}
	path, err := s.blobPath(d)
	if err != nil {
		return nil
	}
	return []string{path}
}
