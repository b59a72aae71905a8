package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

// lookAtOrigin describes what a pull would land, from its manifest and small parts of its files.
func lookAtOrigin(ctx context.Context, env *Env, o *inspectOptions) (*artifacts.Model, fileOpener, error) {
	resolver, err := env.Resolver(&o.origin)
	if err != nil {
		return nil, nil, err
	}
	plan, err := resolver.Resolve(ctx, o.name)
	if err != nil {
		return nil, nil, hintFetch(naming(o.name, err), o.name, &o.origin)
	}
	at := newRemotePlan(ctx, plan)
	model := at.model()
	if model.Packaging.Derivable {
		ui.Note(env.Err, "what is in its archives can only be told after a pull")
	}
	return model, at.open, nil
}

// remotePlan reads the blobs of a plan where they are.
type remotePlan struct {
	ctx   context.Context //nolint:containedctx // of the one command
	plan  *artifacts.Plan
	blobs map[digest.Digest]*artifacts.Blob
}

func newRemotePlan(ctx context.Context, plan *artifacts.Plan) *remotePlan {
	r := &remotePlan{ctx: ctx, plan: plan, blobs: map[digest.Digest]*artifacts.Blob{}}
	for i := range plan.Blobs {
		r.blobs[plan.Blobs[i].Digest] = &plan.Blobs[i]
	}
	return r
}

// model is what landing the plan will give.
func (r *remotePlan) model() *artifacts.Model {
	m := &artifacts.Model{
		Name: r.plan.Name.String(), Digest: r.plan.Digest, Mount: artifacts.ArtifactMount{Source: r.plan.Name.String()},
	}
	atrest.Describe(m, r.plan.Manifest, func(b *atrest.Blob) ([]byte, error) { return r.small(b.Digest) })
	return m
}

// small reads a blob that should be small, a config, and checks it.
func (r *remotePlan) small(d digest.Digest) ([]byte, error) {
	b := r.blobs[d]
	if b == nil || b.Size > atrest.MaxConfig {
		return nil, fmt.Errorf("reading blob %s: it is no config", d)
	}
	data, err := io.ReadAll(io.NewSectionReader(newRemoteFile(r.ctx, b), 0, b.Size))
	if err != nil {
		return nil, fmt.Errorf("reading blob %s: %w", d, err)
	}
	if d.Algorithm().FromBytes(data) != d {
		return nil, fmt.Errorf("reading blob %s: %w", d, artifacts.ErrVerification)
	}
	return data, nil
}

// open is a fileOpener.
func (r *remotePlan) open(f *packaging.File) (artifacts.ReadAtCloser, int64, error) {
	b := r.blobs[f.Digest]
	if b == nil {
		return nil, 0, fmt.Errorf("reading %s: %w", f.Path, artifacts.ErrNotFound)
	}
	return newRemoteFile(r.ctx, b), b.Size, nil
}
