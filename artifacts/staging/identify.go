package staging

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
)

// The keys of pending files: no digests, and never taken for any.
const (
	pendingKind   digest.Algorithm = "pending"
	pendingPrefix string           = "pending-"
)

// found is a pending file that is whole: what it is, where it lies and what holds it there.
type found struct {
	artifacts.Found
	place place
	hold  *hold
}

// Identify makes files whole in the area whose digests nobody says, and returns the batch that holds them, and what each
// is, in their order. All else is as for Fetch: what was interrupted goes on, and two who want one identity share its
// download. A file of an identity that was found out before, and is still at hand, is not read again.
func (a *Area) Identify(ctx context.Context, files []artifacts.Pending, opts *Options) (*Batch, []artifacts.Found, error) {
	items := make([]*item, len(files))
	for i := range files {
		var err error
		if items[i], err = a.pendingItem(&files[i]); err != nil {
			return nil, nil, err
		}
	}
	sorted := slices.SortedStableFunc(slices.Values(items), func(x, y *item) int { return cmp.Compare(y.blob.Size, x.blob.Size) })
	batch, err := a.fetch(ctx, sorted, opts)
	if err != nil {
		return nil, nil, err
	}
	all := make([]artifacts.Found, len(items))
	for i, it := range items {
		all[i] = it.found.Found
	}
	return batch, all, nil
}

func (a *Area) pendingItem(p *artifacts.Pending) (*item, error) {
	switch {
	case p.Name == "" || (p.Open == nil) == (p.Path == ""):
		return nil, fmt.Errorf("pending file %q has no name, or not one origin", p.Name)
	case p.Size < -1, p.Size == -1 && p.Path != "":
		return nil, fmt.Errorf("pending file %q has a size of %d bytes", p.Name, p.Size)
	}
	if p.Digest != "" {
		if err := checkDigest(p.Digest); err != nil {
			return nil, err
		}
	}
	key := pendingKey(p)
	blob := artifacts.Blob{Digest: digest.Digest(p.Name), Size: p.Size, Open: p.Open}
	return &item{blob: blob, pending: p, key: key, place: a.place(key)}, nil
}

// pendingKey hashes an identity; without one, nothing else ever has the key.
func pendingKey(p *artifacts.Pending) digest.Digest {
	sum := sha256.Sum256([]byte(p.Identity))
	if p.Identity == "" {
		_, _ = rand.Read(sum[:]) // never fails
	}
	return digest.NewDigestFromEncoded(pendingKind, hex.EncodeToString(sum[:]))
}

// pendingNamed returns the key in the name of a pending file; "" if it is none.
func pendingNamed(name string) digest.Digest {
	sum, ok := strings.CutPrefix(name, pendingPrefix)
	if !ok || digest.SHA256.Validate(sum) != nil {
		return ""
	}
	return digest.NewDigestFromEncoded(pendingKind, sum)
}

// settlePending gets a pending file whose lock on fetching we hold.
func (f *fetch) settlePending(ctx context.Context, it *item) error {
	known, err := f.recall(ctx, it)
	switch {
	case err != nil:
		return err
	case known:
		return f.present(it)
	case it.pending.Path != "":
		f.group.Go(func() error { return f.settlePath(ctx, it) })
		return nil
	case it.blob.Size < 0:
		f.group.Go(func() error { return f.stream(ctx, it) })
		return nil
	}
	return f.start(ctx, it, false)
}

// settlePath shares or copies a local file.
func (f *fetch) settlePath(ctx context.Context, it *item) error {
	f.progress.Start(it.blob.Digest, it.blob.Size, 0)
	ok, err := f.adopt(ctx, it, Candidate{Path: it.pending.Path, NoLink: it.pending.NoLink})
	if !ok {
		return cmp.Or(ctx.Err(), err)
	}
	f.progress.Advance(it.blob.Digest, it.blob.Size)
	return f.finish(it)
}

// recall looks whether it is known what the file is, and whether that is at hand: in the area, or in the store.
func (f *fetch) recall(ctx context.Context, it *item) (bool, error) {
	was, err := it.place.recall()
	if err != nil || was.Digest == "" || it.pending.Digest != "" && it.pending.Digest != was.Digest {
		return false, err
	}
	home := &item{blob: artifacts.Blob{Digest: was.Digest, Size: was.Size}, key: was.Digest, place: f.area.place(was.Digest)}
	if home.hold, err = use(ctx, home.place); err != nil {
		return false, err
	}
	if err := home.hold.awaitFetch(ctx); err != nil {
		return false, errors.Join(err, home.abandon())
	}
	there, _, err := home.place.whole(was.Size)
	for _, c := range f.candidates(home) {
		there = there || err == nil && c.Trusted && f.adoptTrusted(home, c)
	}
	if err != nil || !there {
		return false, errors.Join(err, home.abandon())
	}
	if err := home.hold.endFetch(); err != nil {
		return false, errors.Join(err, home.abandon())
	}
	it.found = &found{Found: was, place: home.place, hold: home.hold}
	it.blob.Size = was.Size
	return true, nil
}

// publish gives the verified file f, which lies in the area, the name of its digest. Nobody need be kept from fetching the
// same blob meanwhile: whoever is last puts the same bytes in place of the same bytes.
func (it *item) publish(ctx context.Context, f *os.File) error {
	if it.pending == nil {
		return it.place.publish(f)
	}
	home := place{dir: it.place.dir, hex: it.found.Digest.Encoded()}
	h, err := use(ctx, home)
	if err != nil {
		return err
	}
	it.found.place, it.found.hold = home, h
	if err := home.publish(f); err != nil {
		return err
	}
	if it.pending.Identity == "" {
		return nil
	}
	return it.place.remember(it.found.Found)
}

// awaitFetch waits for the lock on fetch. Who has it waits for no pending file, so this ends.
func (h *hold) awaitFetch(ctx context.Context) error {
	for {
		if free, err := h.tryFetch(); free || err != nil {
			return err
		}
		if err := sleep(ctx, pollEvery); err != nil {
			return err
		}
	}
}

// use waits for the lock on use, which is refused only while somebody removes the blob.
func use(ctx context.Context, p place) (*hold, error) {
	for {
		h, err := tryUse(p.lock())
		if h != nil || err != nil {
			return h, err
		}
		if err := sleep(ctx, pollEvery); err != nil {
			return nil, err
		}
	}
}
