package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// maxBases is how many ModelKits may refer to one another in a row (kitops, pkg/lib/constants, MaxModelRefChain).
const maxBases = 10

// followBases gives a plan the ModelKits that its Kitfile, and theirs, refer to. It does nothing for any other packaging.
func (r *Resolver) followBases(ctx context.Context, plan *artifacts.Plan) error {
	chain, seen := []string{plan.Name.String()}, []digest.Digest{plan.Digest}
	for at := plan; ; at = at.Base {
		kit, err := r.readKit(ctx, at)
		if err == nil && at != plan {
			keepModel(at, kit)
		}
		if err == nil && (kit == nil || kit.Base == "") {
			return nil
		}
		if err == nil {
			chain = append(chain, kit.Base)
			at.Base, err = r.base(ctx, kit.Base, len(chain)-1)
		}
		if err == nil && slices.Contains(seen, at.Base.Digest) {
			err = fmt.Errorf("%w: the ModelKits refer to one another in a circle", packaging.ErrInvalidManifest)
		}
		if err != nil && len(chain) > 1 {
			return fmt.Errorf("following the references of ModelKits (%s): %w", strings.Join(chain, " -> "), err)
		} else if err != nil {
			return err
		}
		seen = append(seen, at.Base.Digest)
	}
}

// base makes the Plan of the nth ModelKit that is referred to.
func (r *Resolver) base(ctx context.Context, ref string, n int) (*artifacts.Plan, error) {
	if n > maxBases {
		return nil, fmt.Errorf("%w: the model is more than %d ModelKits away", packaging.ErrInvalidManifest, maxBases)
	}
	name, err := artifacts.ParseName(ref)
	if err != nil {
		return nil, err
	}
	if err := refuseBlocked(r.sys, name.Reference()); err != nil {
		return nil, err
	}
	plan, err := r.resolve(ctx, name)
	if err != nil {
		return nil, err
	}
	if found, err := packaging.Detect(plan.Manifest); err != nil || found.Format != packaging.ModelKit {
		return nil, errors.Join(fmt.Errorf("%w: %s is no ModelKit", packaging.ErrInvalidManifest, name), err)
	}
	return plan, nil
}

// readKit parses a ModelKit, whose config it fetches; nil for another packaging, and for one that cannot be parsed, which
// landing it will say.
func (r *Resolver) readKit(ctx context.Context, plan *artifacts.Plan) (*packaging.Model, error) {
	found, err := packaging.Detect(plan.Manifest)
	if err != nil || found.Format != packaging.ModelKit {
		return nil, err
	}
	config := &plan.Blobs[0]
	if config.Size > packaging.MaxConfigSize {
		return nil, fmt.Errorf("%w: the Kitfile of %s has %d bytes, more than the limit of %d",
			packaging.ErrInvalidManifest, plan.Name, config.Size, packaging.MaxConfigSize)
	}
	if config.Data == nil {
		if config.Data, err = r.readPatiently(ctx, config); err != nil {
			return nil, fmt.Errorf("reading the Kitfile of %s: %w", plan.Name, err)
		}
	}
	kit, err := packaging.Parse(plan.Manifest, config.Data)
	if err != nil {
		r.log.Debug("a ModelKit cannot be parsed", "name", plan.Name.String(), "error", err)
		return nil, nil
	}
	return kit, nil
}

// readPatiently reads a small blob, from a registry that is busy a few times.
func (r *Resolver) readPatiently(ctx context.Context, b *artifacts.Blob) ([]byte, error) {
	const tries, pause = 5, 100 * time.Millisecond
	ctx, cancel := r.patience(ctx)
	defer cancel()
	for try := 1; ; try++ {
		data, err := readSmall(ctx, b)
		var later *artifacts.TemporaryError
		if err == nil || try == tries || !errors.As(err, &later) {
			return data, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(max(later.RetryAfter, pause<<try)):
		}
	}
}

// readSmall reads a blob, and verifies it.
func readSmall(ctx context.Context, b *artifacts.Blob) (data []byte, err error) {
	body, err := b.Open(ctx, 0, -1)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	if data, err = io.ReadAll(io.LimitReader(body, b.Size+1)); err != nil {
		return nil, err
	}
	if int64(len(data)) != b.Size || b.Digest.Algorithm().FromBytes(data) != b.Digest {
		return nil, fmt.Errorf("%w: the bytes are not those of %s", artifacts.ErrVerification, b.Digest)
	}
	return data, nil
}

// keepModel leaves in the plan of a base what is read of it: its config, and the layers of its model. One that cannot be
// parsed (nil) keeps its config only.
func keepModel(plan *artifacts.Plan, kit *packaging.Model) {
	wanted := map[digest.Digest]bool{plan.Blobs[0].Digest: true}
	if kit != nil {
		for _, f := range kit.KitModel() {
			wanted[f.Digest] = true
		}
	}
	plan.Blobs = slices.DeleteFunc(plan.Blobs, func(b artifacts.Blob) bool { return !wanted[b.Digest] })
}
