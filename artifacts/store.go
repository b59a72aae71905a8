package artifacts

import (
	"context"
	"io"
	"io/fs"

	"github.com/opencontainers/go-digest"
)

// Store keeps models at rest. Implementations are safe for concurrent use, by other processes too.
type Store interface {
	// Land fetches what the plan lists and the store lacks, then names it. The name is written only when every blob
	// is whole and verified, and replaces an older entry of the same name. Landing what is there already moves no bytes.
	// On failure the store is as it was; what was fetched is kept aside for the next attempt.
	Land(ctx context.Context, plan *Plan, opts *LandOptions) (*Model, error)
	// Find returns the model that a query names: a full name, a digest, or a unique prefix of a digest in hex,
	// as Podman matches them. The error wraps ErrNotFound only if the store could be read,
	// ErrAmbiguous if a prefix matches several digests.
	Find(ctx context.Context, query string) (*Model, error)
	// List returns every model, sorted by name.
	List(ctx context.Context) ([]*Model, error)
	// Remove takes the name out of the store, and the blobs that nothing else uses. The error wraps ErrNotFound as in Find.
	Remove(ctx context.Context, query string) error
}

// Overviewer is a Store that can list its models for less than List takes. Find it by a type assertion on a Store, or use Overview.
type Overviewer interface {
	// Overview returns the models of List, in their order. What Packaging has besides the Format may be missing.
	Overview(ctx context.Context) ([]*Model, error)
}

// Overview lists the models of a store of any kind.
func Overview(ctx context.Context, s Store) ([]*Model, error) {
	if o, ok := s.(Overviewer); ok {
		return o.Overview(ctx)
	}
	return s.List(ctx)
}

// LandOptions tunes Land. nil means the zero value, whose meaning each field states.
type LandOptions struct {
	// Progress receives what happens to each blob; nil: nobody watches.
	Progress Progress
	// Jobs is how many connections may be open at once; 0: a default chosen by measurement.
	Jobs int
	// Local names files of other tools that may hold the bytes of a blob, best first; nil: there are none. They are
	// verified before they are used, and never changed. It is asked only for blobs that the store lacks, from several
	// goroutines at once. A store that keeps no files may ignore it.
	Local func(d digest.Digest, size int64) []string
}

// Tagger is a Store that can give a model it already holds one more name: the immutable repository@digest that a
// service is pinned to, or a second tag. Find it by a type assertion on a Store.
type Tagger interface {
	// Tag names the manifest of source as name, too, and moves no bytes. An older entry of that name is replaced, as in
	// Land. A name that pins a digest must pin the digest of source. The error wraps ErrNotFound when the store no longer
	// holds source.
	Tag(ctx context.Context, source *Model, name Name) error
}

// Placer is a Store whose models are mounted from elsewhere under each name, so that a service must be given the place of
// the name that pins its model. Find it by a type assertion on a Store.
type Placer interface {
	// MountAs returns how a container will see a model once the store has it under that name: see Tagger. Of the model only
	// Packaging must be set, and Store if it is in one.
	MountAs(m *Model, name Name) (Mount, error)
}

// ReadAtCloser is random access to one file at rest.
type ReadAtCloser interface {
	io.ReaderAt
	io.Closer
}

// Reader is a Store whose files can be read in place, for instance for the header of a model. Find it by a type
// assertion on a Store.
type Reader interface {
	// OpenFile opens one file of a model, and returns its size in bytes. It yields the layer as it is stored: for an
	// Encoding other than Raw, the archive. The bytes are not verified again; see Checker.
	OpenFile(ctx context.Context, m *Model, f *File) (ReadAtCloser, int64, error)
}

// Locator is a Store whose files are files of this machine, for tools that cannot mount what its engine can. Find it by a type
// assertion on a Store.
type Locator interface {
	// Locate returns where a file of a model is, or would be, as an absolute path. It is what OpenFile opens.
	Locate(m *Model, f *File) (string, error)
}

// Checker is a Store that can tell whether a model is whole, and make room for its repair: a Land after Discard fetches
// what is damaged. Find it by a type assertion on a Store.
type Checker interface {
	// Check returns the blobs of the model that are missing or have a wrong size; nothing if it is whole. With verify,
	// each blob is also read and compared with its digest. The error is for what could not be checked.
	Check(ctx context.Context, m *Model, verify bool) ([]Damage, error)
	// Discard takes damaged blobs out of the store, unless they were replaced since Check saw them. The names stay.
	Discard(ctx context.Context, damaged []Damage) error
}

// Damage is one blob of a model that is not what its manifest promises.
type Damage struct {
	Digest digest.Digest
	// Size is what the manifest says, in bytes.
	Size int64
	// Problem says what is wrong, for people: "missing", "has 12 of 300 bytes", "has other bytes".
	Problem string
	// Found is the file as it was seen; nil if there was none, or the store has no files.
	Found fs.FileInfo
	// Store is the word of the member that has it, in a union of stores; "" in a store of its own.
	Store string
}
