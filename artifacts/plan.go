package artifacts

import (
	"context"
	"io"

	"github.com/opencontainers/go-digest"
)

// Opener opens length bytes of a blob, starting at offset; a length of -1 means all that is left. The reader yields at
// most the bytes asked for, and ends with io.ErrUnexpectedEOF if the origin stops early.
//
// An Opener checks what the origin says of the range (status, Content-Range, Content-Encoding) and never passes on
// bytes of another range: an origin that cannot serve ranges makes it fail with an error that wraps ErrNoRange whenever
// offset is not 0 or length is not -1. The bytes themselves are UNVERIFIED: the caller checks their digest.
// It is safe for concurrent use.
type Opener func(ctx context.Context, offset, length int64) (io.ReadCloser, error)

// Blob is one piece of content of a plan.
type Blob struct {
	// Digest is what the bytes must hash to; never empty.
	Digest digest.Digest
	// Size is the exact length in bytes; never negative.
	Size      int64
	MediaType string
	// Data holds the bytes of a small blob that came with the manifest; nil if they are to be opened.
	Data []byte
	// Open reads the bytes from the origin; nil only when Data is not.
	Open Opener
}

// Plan is what a transport found under a reference: what to fetch, and the manifest that will name it. Making one
// moves no weights.
type Plan struct {
	// Name is the canonical name to keep the model under.
	Name Name
	// Kind was decided from the manifest.
	Kind Kind
	// Manifest is the publisher's manifest byte for byte, of one model (never an index), and Digest its digest.
	Manifest  []byte
	MediaType string
	Digest    digest.Digest
	// Origin says what a manifest was made from that the origin does not have: hf://Org/Repo:Q4_K_M. "" for a manifest that a
	// publisher made. A name can have one origin only: names are lower-cased, so two origins may come to have the same.
	Origin string
	// Blobs are the config and the layers, each digest once, in the order of the manifest.
	Blobs []Blob
	// Base is the ModelKit whose model is part of this one, which refers to it; nil if there is none. It may have a Base
	// itself. It is read to derive the files of this model, and not kept: its Blobs are its config and its model's layers only.
	Base *Plan
	// Pending are the files without a digest. If there are any, the plan has neither manifest nor blobs: whoever lands it
	// reads them, and goes on with the plan that Complete makes of what they are, in their order.
	Pending  []Pending
	Complete func([]Found) (*Plan, error)
}

// Needed returns the blobs that are to be read to land the plan: its own, then those of its bases; each digest once.
func (p *Plan) Needed() []Blob {
	if p.Base == nil {
		return p.Blobs
	}
	var needed []Blob
	seen := map[digest.Digest]bool{}
	for at := p; at != nil; at = at.Base {
		for i := range at.Blobs {
			if b := &at.Blobs[i]; !seen[b.Digest] {
				seen[b.Digest] = true
				needed = append(needed, *b)
			}
		}
	}
	return needed
}

// Bases returns the digests of the manifests of the plan's bases: that of its Base, then that one's; nil if it has none.
func (p *Plan) Bases() []digest.Digest {
	var bases []digest.Digest
	for at := p.Base; at != nil; at = at.Base {
		bases = append(bases, at.Digest)
	}
	return bases
}
