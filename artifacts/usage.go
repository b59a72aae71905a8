package artifacts

import (
	"context"

	"github.com/opencontainers/go-digest"
)

// Meter is a Store that can say where its bytes are. Find it by a type assertion on a Store.
type Meter interface {
	// Usage adds up the store. wait hears what is waited for, as Progress.Wait does; nil: nobody listens.
	Usage(ctx context.Context, wait func(reason string)) (*Usage, error)
}

// Usage is what a store costs, in bytes on disk.
type Usage struct {
	// Models are sorted by name.
	Models []ModelUsage
	// Blobs is the sum of all blobs, each counted once; Orphans the part of it that no entry needs, young blobs included,
	// which a Doctor does not report yet.
	Blobs, Orphans int64
	// Staging is what unfinished downloads hold.
	Staging int64
	// Leftovers is what killed processes left: temporary files that no process has open.
	Leftovers int64
}

// Total is the sum of everything, in bytes.
func (u *Usage) Total() int64 { return u.Blobs + u.Staging + u.Leftovers }

// ModelUsage is what one entry of a store costs.
type ModelUsage struct {
	// Name is the entry's; "" for one that lost it.
	Name   string
	Digest digest.Digest
	// Own is the bytes on disk that no other manifest needs, its manifest included: what goes when the last name of this
	// digest is removed. Several names of one digest each report the same bytes.
	Own int64
	// Shared is the bytes on disk that other manifests need, too.
	Shared int64
}
