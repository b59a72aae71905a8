package podmanstore

import "github.com/opencontainers/go-digest"

// FindingKind says what is wrong.
type FindingKind string

// What Diagnose looks for.
const (
	// BadEntry is an entry of the index that is no descriptor.
	BadEntry FindingKind = "bad-entry"
	// NoManifest is an entry whose manifest is missing or torn. It makes every call of libartifact fail.
	NoManifest FindingKind = "no-manifest"
	// IndexEntry is an entry of an OCI index, with the same effect.
	IndexEntry FindingKind = "index-entry"
	// Unnamed is an entry that lost its name, as a moved tag leaves it. It makes podman artifact ls fail.
	Unnamed FindingKind = "unnamed"
	// Damaged is a model of which blobs are missing or have a wrong size. Only a pull repairs it.
	Damaged FindingKind = "damaged"
	// NoOrigin is an entry of files that were unpacked from a model which is gone.
	NoOrigin FindingKind = "no-origin"
	// Orphan is a blob that no entry needs, older than the grace period, and that no process has open.
	Orphan FindingKind = "orphan"
	// DeadUpload is a temporary file of a Podman that was killed (oci-put-blob*).
	DeadUpload FindingKind = "dead-upload"
	// Leftover is a temporary file of a paddock that was killed.
	Leftover FindingKind = "leftover"
	// StaleStaging is a download that nobody went on with.
	StaleStaging FindingKind = "stale-staging"
)

// Finding is one thing that is wrong in the store.
type Finding struct {
	Kind FindingKind
	// Name is the entry's; "" if it has none or no entry is concerned.
	Name string
	// Digest is the entry's manifest, or the blob; "" if neither is concerned.
	Digest digest.Digest
	// Path is the file that Mend would remove; "" for an entry.
	Path string
	// Bytes is the size of the file; 0 for an entry.
	Bytes int64
	// Detail says what was seen.
	Detail string
	// Action says what Mend does, or, if Mendable is false, what the user can do.
	Action string
	// Mendable says whether Mend can help.
	Mendable bool
}
