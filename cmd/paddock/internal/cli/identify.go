package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/pack"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

// identify finds out the digests that nobody says, by reading the files once, for a copy that keeps none of them: they are read
// again when they are sent. A plan without such files is returned as it is.
func identify(ctx context.Context, env *Env, plan *artifacts.Plan) (*artifacts.Plan, error) {
	if len(plan.Pending) == 0 {
		return plan, nil
	}
	found := make([]artifacts.Found, len(plan.Pending))
	for i := range plan.Pending {
		p := &plan.Pending[i]
		if p.Path == "" {
			ui.Note(env.Err, "nobody says the digest of "+p.Name+": it is read twice")
		}
		one, err := hashPending(ctx, p)
		if err != nil {
			return nil, fmt.Errorf("hashing %s: %w", p.Name, err)
		}
		// A server may have cut the file, and nobody but its header can tell: it is read once more.
		head := newRemoteFile(ctx, &artifacts.Blob{Size: one.Size, Open: opener(p)})
		if err := pack.Cut(p.Name, head, one.Size); err != nil {
			return nil, err
		}
		found[i] = *one
	}
	whole, err := plan.Complete(found)
	if err != nil {
		return nil, err
	}
	named := *whole
	named.Name = plan.Name
	return &named, nil
}

// opener opens a pending file, wherever it is.
func opener(p *artifacts.Pending) artifacts.Opener {
	if p.Path == "" {
		return p.Open
	}
	return func(_ context.Context, offset, length int64) (io.ReadCloser, error) {
		f, err := os.Open(p.Path)
		if err != nil || offset == 0 && length < 0 {
			return f, err
		}
		return atrest.Section(f, offset, length), nil
	}
}

func hashPending(ctx context.Context, p *artifacts.Pending) (_ *artifacts.Found, err error) {
	r, err := opener(p)(ctx, 0, -1)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	algorithm := digest.Canonical
	if p.Digest != "" {
		algorithm = p.Digest.Algorithm()
	}
	h := algorithm.Digester()
	stop := context.AfterFunc(ctx, func() { r.Close() }) // a file does not watch ctx
	defer stop()
	n, err := io.Copy(h.Hash(), r)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, err
	case p.Size >= 0 && n != p.Size:
		return nil, fmt.Errorf("%w: it has %d bytes, not %d", artifacts.ErrVerification, n, p.Size)
	case p.Digest != "" && h.Digest() != p.Digest:
		return nil, fmt.Errorf("%w: it has the digest %s, not %s", artifacts.ErrVerification, h.Digest(), p.Digest)
	}
	return &artifacts.Found{Digest: h.Digest(), Size: n}, nil
}
