package podmanstore

import (
	"context"
	"fmt"

	"github.com/paddock-dev/paddock/artifacts"
)

// Prune removes downloads from the staging area: see artifacts.Pruner. It does not touch the store, and takes no lock but
// those of the downloads.
func (s *Store) Prune(ctx context.Context, opts *artifacts.PruneOptions) ([]artifacts.Download, error) {
	if opts == nil {
		opts = &artifacts.PruneOptions{}
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("pruning %s: %w", s.work.staging, err)
	}
	entries, err := s.area.Prune(opts.Age, opts.DryRun)
	if err != nil {
		err = fmt.Errorf("pruning %s: %w", s.work.staging, err)
	}
	downloads := make([]artifacts.Download, len(entries))
	for i, e := range entries {
		downloads[i] = artifacts.Download{
			Digest: e.Digest, Size: e.Size, Done: e.Bytes, Allocated: e.Allocated, Modified: e.Modified,
		}
	}
	return downloads, err
}
