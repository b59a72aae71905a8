package hub

import (
	"context"
	"crypto/sha1" //nolint:gosec // git's choice; it finds what was damaged on the way, TLS keeps out who would forge it
	"encoding/hex"
	"fmt"
	"sync"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports/synth"
)

// Files without a sha256 are read when a reference is resolved: none may be larger than maxSmall, and what is kept in memory
// for the landing is at most maxKept in all, in bytes. Hugging Face keeps nothing above 10 MiB outside of LFS.
const (
	maxSmall  = 16 << 20
	maxKept   = 24 << 20
	smallJobs = 4
)

// small is a file that has to be read for its digest.
type small struct {
	entry *Entry
	file  *synth.File
}

// readSmall reads files for their digests, a few at once.
func (r *Resolver) readSmall(ctx context.Context, found *Found, all []small) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	slots := make(chan struct{}, smallJobs)
	kept := int64(0)
	for _, s := range all {
		keep := kept+s.entry.Size <= maxKept
		if keep {
			kept += s.entry.Size
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if ctx.Err() != nil {
				return
			}
			if err := r.readOne(ctx, found, s, keep); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

func (r *Resolver) readOne(ctx context.Context, found *Found, s small, keep bool) error {
	e := s.entry
	if e.Size > maxSmall {
		return fmt.Errorf("reading %s: %s says no sha256 of it, and its %d bytes are too many to read for one", e.Path, r.Title, e.Size)
	}
	data, _, err := r.Web.Get(ctx, r.Origin.URL(found, e.Path), nil, e.Size)
	if err != nil {
		return err
	}
	if int64(len(data)) != e.Size {
		return fmt.Errorf("reading %s: %w: %d bytes instead of %d", e.Path, artifacts.ErrVerification, len(data), e.Size)
	}
	if e.GitHash != "" && gitHash(data) != e.GitHash {
		return fmt.Errorf("reading %s: %w: its git hash is %s, not %s", e.Path, artifacts.ErrVerification, gitHash(data), e.GitHash)
	}
	s.file.Digest = digest.FromBytes(data)
	if keep {
		s.file.Data = data
	}
	return nil
}

// gitHash is the name of a git object with these bytes (git-hash-object(1)).
func gitHash(data []byte) string {
	h := sha1.New() //nolint:gosec // see above
	fmt.Fprintf(h, "blob %d\x00", len(data))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}
