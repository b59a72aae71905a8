package artifacts

import "context"

// Store keeps models at rest. Implementations are safe for concurrent use, by other processes too.
type Store interface {
	// Land fetches what the plan lists and the store lacks, then names it. The name is written only when every blob
	// is whole and verified, and replaces an older entry of the same name. Landing what is there already moves no bytes.
	// On failure the store is as it was; what was fetched is kept aside for the next attempt.
	Land(ctx context.Context, plan *Plan, opts *LandOptions) (*Model, error)
	// Find returns the model that a query names: a full name, a digest, or a unique prefix of a digest (hex, at least
	// 3 characters), as Podman matches them. The error wraps ErrNotFound only if the store could be read,
	// ErrAmbiguous if a prefix matches several digests.
	Find(ctx context.Context, query string) (*Model, error)
	// List returns every model, sorted by name.
	List(ctx context.Context) ([]*Model, error)
	// Remove takes the name out of the store, and the blobs that nothing else uses. The error wraps ErrNotFound as in Find.
	Remove(ctx context.Context, query string) error
}

// LandOptions tunes Land. nil means the zero value, whose meaning each field states.
type LandOptions struct {
	// Progress receives what happens to each blob; nil: nobody watches.
	Progress Progress
	// Jobs is how many connections may be open at once; 0: a default chosen by measurement.
	Jobs int
}
