// Package staging brings the blobs of a plan onto the store's own file system: in parallel, resumable, and verified.
//
// An area is a folder. For a blob whose digest is <hex> it holds
//
//	<hex>          the blob, whole; it got this name only after its digest was checked and its bytes were synced
//	<hex>.part     the bytes so far, at their final offsets, in a file that already has its final size
//	<hex>.journal  which ranges of the part are known to be on disk
//	<hex>.lock     locked by those who use, fetch or remove the blob
//
// A file whose digest nobody says arrives under "pending-" and the sha256 of its identity, in files of the same endings, and
// moves to its digest when that is known. pending-<hash>.known then remembers the digest, for the next who asks.
//
// Every process that wants a blob locks it first, so two pulls of one blob share one download: the second waits,
// then uses the result, or goes on where the first died. Locks belong to open files, so the kernel drops them with a
// killed process; nothing has to be cleaned up.
//
// The digest is computed once, over what was read back from the part, in order, while later ranges still arrive. After an
// interruption the prefix is read and hashed again, beside the download of the rest, instead of trusting a saved state of
// the hash: the name <hex> thus certifies the bytes in the file, not the bytes that once arrived.
package staging

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
)

// Area is a folder in which blobs arrive. It is safe for concurrent use, also by several processes.
type Area struct{ dir string }

// Open names a staging area: a folder on the store's file system. It touches nothing: the folder is created, with
// mode 0700, on first use.
func Open(dir string) *Area { return &Area{dir: filepath.Clean(dir)} }

// Options tunes Fetch. nil means the zero value, whose meaning each field states.
type Options struct {
	// Jobs is how many connections may be open at once; 0 or less: 8.
	Jobs int
	// Progress receives what happens to each blob; nil: nobody watches.
	Progress artifacts.Progress
	// Local names files that may already hold the bytes of a blob, best first; nil: there are none. It is asked after the
	// blob's lock is taken, from several goroutines.
	Local func(d digest.Digest, size int64) []Candidate
	// Label is the security.selinux attribute of new files; "": whatever the folder gives them. A file system without
	// such attributes is no error.
	Label string
	// Logger receives retries, resumptions and refused candidates; nil: silence.
	Logger *slog.Logger
}

// Candidate is a file that may hold the bytes of a blob.
type Candidate struct {
	Path string
	// Trusted says that the file is right by construction, as the store's own blob is: it is hard-linked when its size is
	// right. Any other file is hashed first, and shares its bytes with the area only by reflink, or by a hard link that needs
	// no change of owner or label and gives nobody a right to read that he had not; else it is copied.
	Trusted bool
	// NoLink forbids hard links to a file that is not trusted.
	NoLink bool
}

// defaultJobs was chosen by measurement: the wall time over loopback is flat from 4 to 16, and where each connection is
// capped, as content delivery networks do, the gain is linear in it.
const defaultJobs = 8

func (a *Area) create() error {
	if err := os.MkdirAll(a.dir, 0o700); err != nil {
		return fmt.Errorf("creating staging area: %w", err)
	}
	return nil
}
