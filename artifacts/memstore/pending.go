package memstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/pack"
)

// complete reads the pending files of a plan, and returns the plan that they make.
func complete(ctx context.Context, plan *artifacts.Plan) (*artifacts.Plan, error) {
	found := make([]artifacts.Found, len(plan.Pending))
	read := map[digest.Digest][]byte{}
	for i := range plan.Pending {
		p := &plan.Pending[i]
		data, err := readPending(ctx, p)
		if err != nil {
			return nil, fmt.Errorf("fetching %s: %w", p.Name, err)
		}
		found[i] = artifacts.Found{Digest: digest.FromBytes(data), Size: int64(len(data))}
		if p.Digest != "" && p.Digest != found[i].Digest {
			return nil, fmt.Errorf("fetching %s: %w: the bytes have digest %s, not %s", p.Name, artifacts.ErrVerification, found[i].Digest, p.Digest)
		}
		if err := pack.Cut(p.Name, bytes.NewReader(data), found[i].Size); err != nil {
			return nil, err
		}
		read[found[i].Digest] = data
	}
	whole, err := plan.Complete(found)
	if err != nil {
		return nil, err
	}
	named := *whole
	named.Name = plan.Name
	for i := range named.Blobs {
		b := &named.Blobs[i]
		if data, ok := read[b.Digest]; ok {
			b.Open = func(_ context.Context, offset, _ int64) (io.ReadCloser, error) {
				return io.NopCloser(bytes.NewReader(data[offset:])), nil
			}
		}
	}
	return &named, nil
}

func readPending(ctx context.Context, p *artifacts.Pending) (_ []byte, err error) {
	if p.Path != "" {
		return os.ReadFile(p.Path)
	}
	r, err := p.Open(ctx, 0, -1)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return io.ReadAll(r)
}
