package artifacts

import (
	"context"
	"time"

	"github.com/opencontainers/go-digest"
)

// Doctor is a Store that finds what crashes, of any tool, left in it, and mends it. Find it by a type assertion on a Store.
type Doctor interface {
	// Diagnose returns what is wrong. It changes nothing.
	Diagnose(ctx context.Context, opts *DoctorOptions) ([]Finding, error)
	// Mend does what the findings propose, and returns those that it acted on. Everything is looked at again first: what is
	// no longer as it was found, or came to be used, is left alone, and so is what is not Mendable. Mending can bring to
	// light what was hidden before, so Diagnose again. The error joins what went wrong; the rest is done nevertheless.
	Mend(ctx context.Context, findings []Finding, opts *DoctorOptions) ([]Finding, error)
}

// DoctorOptions tunes a Doctor. nil means the zero value, whose meaning each field states.
type DoctorOptions struct {
	// Grace is for how long a file that nobody seems to need is left alone, as another tool may be about to use it; 0: the
	// store's default, negative: not at all.
	Grace time.Duration
	// Wait hears what is waited for, as Progress.Wait does; nil: nobody listens.
	Wait func(reason string)
}

// Listener returns Wait; nil of nil options.
func (o *DoctorOptions) Listener() func(reason string) {
	if o == nil {
		return nil
	}
	return o.Wait
}

// FindingKind says what is wrong.
type FindingKind string

// What a Doctor looks for.
const (
	// FindingIndex is an index of the store that is missing or torn while there are blobs. The names in it are lost.
	FindingIndex FindingKind = "index"
	// FindingBadEntry is an entry of the store's index that cannot be read.
	FindingBadEntry FindingKind = "bad-entry"
	// FindingNoManifest is an entry whose manifest is missing or torn.
	FindingNoManifest FindingKind = "no-manifest"
	// FindingIndexEntry is an entry of an OCI index, where the store's own tools want a manifest.
	FindingIndexEntry FindingKind = "index-entry"
	// FindingUnnamed is an entry that lost its name, as a moved tag leaves it.
	FindingUnnamed FindingKind = "unnamed"
	// FindingDamaged is a model of which blobs are missing or have a wrong size. Only its origin has the bytes.
	FindingDamaged FindingKind = "damaged"
	// FindingNotUnpacked is a model that is whole, but not the files that it was unpacked into, or was never unpacked.
	FindingNotUnpacked FindingKind = "not-unpacked"
	// FindingNoOrigin is an entry of files that were unpacked from a model which is gone.
	FindingNoOrigin FindingKind = "no-origin"
	// FindingOrphan is a blob that no entry needs, older than the grace period, and that no process has open.
	FindingOrphan FindingKind = "orphan"
	// FindingDeadUpload is a temporary file of a Podman that was killed.
	FindingDeadUpload FindingKind = "dead-upload"
	// FindingLeftover is a temporary file of a paddock that was killed.
	FindingLeftover FindingKind = "leftover"
	// FindingStaleStaging is a download that nobody went on with for long.
	FindingStaleStaging FindingKind = "stale-staging"
)

// Finding is one thing that is wrong in a store.
type Finding struct {
	Kind FindingKind
	// Name is the entry's; "" if it has none or no entry is concerned.
	Name string
	// Digest is the entry's manifest, or the blob; "" if neither is concerned.
	Digest digest.Digest
	// Path is the file that Mend would remove; "" for an entry and for a download.
	Path string
	// Bytes is the size of the file; 0 for an entry.
	Bytes int64
	// Detail says what was seen.
	Detail string
	// Action says what Mend does, or, if Mendable is false, what the user can do.
	Action string
	// Mendable says whether Mend can help.
	Mendable bool
	// Store is the word of the member that it was found in, in a union of stores; "" in a store of its own.
	Store string
}
