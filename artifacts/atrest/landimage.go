package atrest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/staging"
)

// LandImage is artifacts.Store's Land for a store of images that an engine writes: land is called with a plan of a whole image, and
// with options.
func LandImage(
	ctx context.Context, plan *artifacts.Plan, opts *artifacts.LandOptions,
	land func(context.Context, *artifacts.Plan, *artifacts.LandOptions) (*artifacts.Model, error),
) (*artifacts.Model, error) {
	if opts == nil {
		opts = &artifacts.LandOptions{}
	}
	err := CheckWhole(plan)
	if plan.Kind != artifacts.KindImage {
		err = errors.New("it is no container image")
	}
	var m *artifacts.Model
	if err == nil {
		m, err = land(ctx, plan, opts)
	}
	if err != nil {
		return nil, fmt.Errorf("landing %s: %w", plan.Name, err)
	}
	return m, nil
}

// StageImage fetches blobs of an image into an area, whose folder is dir. The engine keeps blobs in its own way, so that none of them
// are the store's.
func StageImage(
	ctx context.Context, area *staging.Area, dir string, blobs []artifacts.Blob, opts *artifacts.LandOptions, logger *slog.Logger,
) (*staging.Batch, error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return nil, fmt.Errorf("preparing the staging area: %w", err)
	}
	none := func(digest.Digest, int64) []string { return nil }
	return area.Fetch(ctx, blobs, &staging.Options{
		Jobs: opts.Jobs, Progress: opts.Progress, Local: Candidates(none, opts.Local), Logger: logger,
	})
}
