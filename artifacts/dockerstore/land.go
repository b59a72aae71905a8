package dockerstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/staging"
	"github.com/paddock-dev/paddock/artifacts/unpack"
)

// Land fetches an image into the staging area, looks at what it carries, and has Docker load it: see artifacts.Store. An image
// that carries no model is refused with an error that wraps artifacts.ErrIsImage, and so is one whose files lead out of the
// folder of the models. Docker keeps no blobs, so that a layer of another image is fetched once more.
func (s *Store) Land(ctx context.Context, plan *artifacts.Plan, opts *artifacts.LandOptions) (*artifacts.Model, error) {
	return atrest.LandImage(ctx, plan, opts, s.land)
}

func (s *Store) land(ctx context.Context, plan *artifacts.Plan, opts *artifacts.LandOptions) (*artifacts.Model, error) {
	there, err := s.byDigest(ctx, plan.Digest)
	if err != nil {
		return nil, err
	}
	name := plan.Name.String()
	switch {
	case there == nil:
		r, err := s.fetch(ctx, plan, opts)
		if err != nil {
			return nil, err
		}
		s.restoreNames(ctx, r)
		return r.model(name)
	case !slices.Contains(there.names, name):
		if err := s.commit(ctx, &there.record, plan.Name, waitOf(opts)); err != nil {
			return nil, err
		}
	}
	return there.model(name)
}

func waitOf(opts *artifacts.LandOptions) func(string) {
	if opts.Progress == nil {
		return func(string) {}
	}
	return opts.Progress.Wait
}

// fetch stages the blobs, and has the image loaded and named.
func (s *Store) fetch(ctx context.Context, plan *artifacts.Plan, opts *artifacts.LandOptions) (*record, error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, fmt.Errorf("preparing the records: %w", err)
	}
	batch, err := atrest.StageImage(ctx, s.area, s.staging, plan.Blobs, opts, s.logger)
	if err != nil {
		return nil, err
	}
	wait := waitOf(opts)
	wait("handing the image to Docker")
	defer wait("")
	r, err := s.load(ctx, plan, batch)
	if err == nil {
		err = s.commit(ctx, r, plan.Name, wait)
	}
	if err == nil || isRefused(err) {
		err = errors.Join(err, batch.Close())
	} // else the blobs wait for the next landing; their locks go with the process
	return r, err
}

// isRefused says whether an error is one of an image that no other attempt will land.
func isRefused(err error) bool {
	return errors.Is(err, artifacts.ErrVerification) || errors.Is(err, artifacts.ErrIsImage) ||
		errors.Is(err, packaging.ErrUnsafePath) || errors.Is(err, packaging.ErrInvalidManifest)
}

// load looks at an image that is staged, and has Docker load it, without a name. What is refused never reaches Docker.
func (s *Store) load(ctx context.Context, plan *artifacts.Plan, batch *staging.Batch) (*record, error) {
	refs, err := atrest.ParseRefs(plan.Manifest)
	if err != nil || refs.Config == nil {
		return nil, fmt.Errorf("parsing the manifest: %w", errors.Join(packaging.ErrInvalidManifest, err))
	}
	config, err := atrest.ReadBounded(batch.Path(refs.Config.Digest), packaging.MaxConfigSize)
	if err != nil {
		return nil, fmt.Errorf("reading the config: %w", err)
	}
	open := func(_ context.Context, d digest.Digest) (io.ReadCloser, error) { return os.Open(batch.Path(d)) }
	list, err := unpack.List(ctx, plan.Manifest, config, open, nil)
	if errors.Is(err, unpack.ErrNothing) {
		return nil, fmt.Errorf("there is no model in %s: it %w", packaging.ImageRoot, artifacts.ErrIsImage)
	} else if err != nil {
		return nil, err
	}
	r := &record{Manifest: plan.Manifest, Config: config, Pointer: list.Pointer}
	for _, f := range list.Files {
		r.Files = append(r.Files, packaging.File{Path: f.Path, Digest: f.Digest, Size: f.Size})
	}
	if _, err := r.model(plan.Name.String()); err != nil {
		return nil, err
	}
	r.ID, err = s.send(ctx, &archive{config: config, layers: list.Layers, open: open})
	return r, err
}

// send streams an archive to Docker, and returns the ID of the image.
func (s *Store) send(ctx context.Context, a *archive) (string, error) {
	from, to := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := a.write(ctx, to)
		to.CloseWithError(err) // nil is the end
		written <- err
	}()
	var out strings.Builder
	err := s.run(ctx, from, &out, "image", "load", "--quiet")
	from.Close()
	if wrote := <-written; wrote != nil && !errors.Is(wrote, io.ErrClosedPipe) {
		err = wrote // what Docker says is a consequence
	}
	if err != nil {
		return "", fmt.Errorf("loading the image into Docker: %w", err)
	}
	for line := range strings.Lines(out.String()) {
		if id, ok := strings.CutPrefix(strings.TrimSpace(line), "Loaded image ID: "); ok {
			return id, nil
		}
	}
	return "", fmt.Errorf("loading the image into Docker: it does not say what it loaded: %.300q", out.String())
}
