package artifacts

import "github.com/opencontainers/go-digest"

// Pending is a file whose digest nobody says, as behind a URL or on a disk: it is computed while the bytes arrive, and only
// then is there a manifest. See Plan.
type Pending struct {
	// Name is what people are shown for the file; unique in a Plan, and without secrets.
	Name string
	// Identity tells the bytes from any others that the origin may have there: the place, its validator and the size. Files of
	// one identity are fetched once, and an interrupted download of one goes on. "": there is nothing to tell by, and what
	// arrived is of no use to another pull. It may hold secrets: only a hash of it is kept.
	Identity string
	// Digest is what the bytes must hash to, if anybody said; "" if not.
	Digest digest.Digest
	// Size is the length in bytes; -1 if the origin does not say: then it is read in one stream, to its end.
	Size int64
	// Open reads the bytes from the origin; nil if Path is set. An origin that found the file changed makes it fail.
	Open Opener
	// Path is of a local file, which is shared with the store or copied, and read once; "" if Open is set.
	Path string
	// NoLink says that the file at Path may be written into later, so that it shares extents with the store or is copied, and is
	// never linked.
	NoLink bool
}

// Found is what a Pending file proved to be: computed from the bytes.
type Found struct {
	Digest digest.Digest
	Size   int64 // bytes
}
