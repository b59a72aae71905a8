package artifacts

import (
	"context"
	"time"

	"github.com/opencontainers/go-digest"
)

// Pruner is a Store that keeps what interrupted landings fetched, and can let go of it. Find it by a type assertion on a
// Store.
type Pruner interface {
	// Prune removes the downloads that nobody works on, and returns them. What was removed before an error is returned
	// with it.
	Prune(ctx context.Context, opts *PruneOptions) ([]Download, error)
}

// PruneOptions tunes Prune. nil means the zero value, whose meaning each field states.
type PruneOptions struct {
	// Age is for how long nothing may have arrived for a download to go; 0: whatever its age.
	Age time.Duration
	// DryRun removes nothing, and returns what would go.
	DryRun bool
}

// Download is a blob that an interrupted landing left, whole or in part.
type Download struct {
	Digest digest.Digest
	// Size is the blob's length, Done how much of it is there for certain, and Allocated what it takes on disk; in bytes.
	Size, Done, Allocated int64
	// Modified is when anything last arrived.
	Modified time.Time
}
