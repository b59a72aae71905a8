package artifacts

import "github.com/opencontainers/go-digest"

// Progress watches a landing. Its methods return at once and are safe for concurrent use. A Pending file has its Name in
// place of a digest.
type Progress interface {
	// Start announces a blob of size bytes (-1: nobody knows), done of which are already here (resumed; equal to size if nothing is to be fetched).
	Start(d digest.Digest, size, done int64)
	// Advance says that n more bytes of the blob arrived; negative when bytes turned out to be wrong and are fetched again.
	Advance(d digest.Digest, n int64)
	// Finish says that the blob is whole and verified.
	Finish(d digest.Digest)
	// Wait says what the landing waits for ("waiting for the store's lock, held by podman (pid 12)"); "" when it goes on.
	Wait(reason string)
}
