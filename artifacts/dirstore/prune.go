package dirstore

import (
	"context"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// Prune removes downloads from the staging area: see artifacts.Pruner. It does not touch the models, and takes no lock but
// those of the downloads.
func (s *Store) Prune(ctx context.Context, opts *artifacts.PruneOptions) ([]artifacts.Download, error) {
	return atrest.PruneDownloads(ctx, s.area, opts)
}
