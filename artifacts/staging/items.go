package staging

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
)

// item is one blob of a Fetch. After its lock is taken, its fields are written by one goroutine at a time: the one that
// admits it, then those that win the kill of its attempt.
type item struct {
	// blob is what is to be had. Of a pending file, the name stands for the digest, which is found out.
	blob    artifacts.Blob
	pending *artifacts.Pending // nil if the digest is known
	found   *found             // of a pending file, once it is whole
	key     digest.Digest      // names the files in the area
	place   place
	hold    *hold    // nil until admitted
	attempt *attempt // nil if nothing is to be downloaded
	// suspect says that the bytes were wrong once; restarts counts the attempts that were given up.
	suspect  bool
	restarts int
}

// itemsOf checks the blobs and returns one item for each digest, the largest first: the longest work starts earliest.
func (a *Area) itemsOf(blobs []artifacts.Blob) ([]*item, error) {
	seen := make(map[digest.Digest]int64, len(blobs))
	var items []*item
	for _, b := range blobs {
		if err := checkBlob(b); err != nil {
			return nil, err
		}
		if size, dup := seen[b.Digest]; dup {
			if size != b.Size {
				return nil, fmt.Errorf("blob %s is listed with %d and with %d bytes", b.Digest, size, b.Size)
			}
			continue
		}
		seen[b.Digest] = b.Size
		items = append(items, &item{blob: b, key: b.Digest, place: a.place(b.Digest)})
	}
	slices.SortStableFunc(items, func(x, y *item) int { return cmp.Compare(y.blob.Size, x.blob.Size) })
	return items, nil
}

// algorithm is the one that the bytes are hashed with.
func (it *item) algorithm() digest.Algorithm {
	switch {
	case it.pending == nil:
		return it.blob.Digest.Algorithm()
	case it.pending.Digest != "":
		return it.pending.Digest.Algorithm()
	}
	return digest.SHA256
}

// accept compares what n bytes hash to with what was promised of them; of a pending file it notes what they are.
func (it *item) accept(h hash.Hash, n int64) error {
	got, want := digestOf(it.algorithm(), h), it.blob.Digest
	if it.pending != nil {
		it.found, want = &found{Found: artifacts.Found{Digest: got, Size: n}}, it.pending.Digest
	}
	switch {
	case got == want || want == "":
		return nil
	case it.pending == nil: // every error says whose digest it is
		return fmt.Errorf("%w: the bytes have digest %s", artifacts.ErrVerification, got)
	}
	return fmt.Errorf("%w: the bytes have digest %s, not %s", artifacts.ErrVerification, got, want)
}

func checkBlob(b artifacts.Blob) error {
	if err := checkDigest(b.Digest); err != nil {
		return err
	}
	switch {
	case b.Size < 0:
		return fmt.Errorf("blob %s has a size of %d bytes", b.Digest, b.Size)
	case b.Data == nil && b.Open == nil && b.Size > 0:
		return fmt.Errorf("blob %s has neither data nor an origin", b.Digest)
	case b.Data != nil:
		return verify(b.Digest, b.Size, b.Data)
	}
	return nil
}

func checkDigest(d digest.Digest) error {
	if err := d.Validate(); err != nil {
		return fmt.Errorf("checking digest %q: %w", d, err)
	}
	if a := d.Algorithm(); a != digest.SHA256 && a != digest.SHA512 {
		return fmt.Errorf("digest %s: algorithm %s is not supported, only sha256 and sha512", d, a)
	}
	return nil
}

// verify checks bytes in memory against what was promised of them.
func verify(d digest.Digest, size int64, data []byte) error {
	if int64(len(data)) != size {
		return fmt.Errorf("%w: blob %s has %d bytes, not %d", artifacts.ErrVerification, d, len(data), size)
	}
	if got := d.Algorithm().FromBytes(data); got != d {
		return fmt.Errorf("%w: blob %s has digest %s", artifacts.ErrVerification, d, got)
	}
	return nil
}

func digestOf(a digest.Algorithm, h hash.Hash) digest.Digest {
	return digest.NewDigestFromEncoded(a, hex.EncodeToString(h.Sum(nil)))
}
