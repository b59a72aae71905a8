package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

// lookAtOrigin describes what a pull would land, from its manifest and small parts of its files.
func lookAtOrigin(ctx context.Context, env *Env, o *inspectOptions) (*artifacts.Model, artifacts.Reader, error) {
	resolver, err := env.Resolver(&o.origin)
	if err != nil {
		return nil, nil, err
	}
	plan, err := resolver.Resolve(ctx, o.name)
	if err != nil {
		return nil, nil, hintFetch(naming(o.name, err), o.name, &o.origin)
	}
	if len(plan.Pending) > 0 {
		err := fmt.Errorf("inspecting %s: %w: nobody says the digest of %s, so there is no manifest before a pull", o.name, errors.ErrUnsupported, plan.Pending[0].Name)
		return nil, nil, WithHint(err, "paddock pull "+o.name)
	}
	at := newRemotePlan(plan)
	model := at.model(ctx)
	if model.Packaging.Derivable {
		ui.Note(env.Err, "what is in its archives can only be told after a pull")
	}
	return model, at, nil
}

// remotePlan reads the files of a plan where they are. It is safe for concurrent use.
type remotePlan struct {
	plan *artifacts.Plan

	mu    sync.Mutex
	files map[digest.Digest]*remoteFile
}

var _ artifacts.Reader = (*remotePlan)(nil)

func newRemotePlan(plan *artifacts.Plan) *remotePlan {
	return &remotePlan{plan: plan, files: map[digest.Digest]*remoteFile{}}
}

// model is what landing the plan will give.
func (r *remotePlan) model(ctx context.Context) *artifacts.Model {
	m := &artifacts.Model{
		Name: r.plan.Name.String(), Digest: r.plan.Digest, Mount: artifacts.ArtifactMount{Source: r.plan.Name.String()},
	}
	atrest.Describe(m, r.plan.Manifest, func(b *atrest.Blob) ([]byte, error) { return r.small(ctx, b) })
	return m
}

// small reads a blob that should be small, a config, and checks it.
func (r *remotePlan) small(ctx context.Context, b *atrest.Blob) ([]byte, error) {
	file, size, err := r.OpenFile(ctx, nil, &artifacts.File{Path: "config", Digest: b.Digest})
	if err != nil {
		return nil, err
	}
	if size > atrest.MaxConfig {
		return nil, fmt.Errorf("reading blob %s: it is no config", b.Digest)
	}
	data, err := io.ReadAll(io.NewSectionReader(file, 0, size))
	if err != nil {
		return nil, fmt.Errorf("reading blob %s: %w", b.Digest, err)
	}
	if b.Digest.Algorithm().FromBytes(data) != b.Digest {
		return nil, fmt.Errorf("reading blob %s: %w", b.Digest, artifacts.ErrVerification)
	}
	return data, nil
}

// OpenFile implements artifacts.Reader. What was read of a file is kept for the next who opens it.
func (r *remotePlan) OpenFile(ctx context.Context, _ *artifacts.Model, f *artifacts.File) (artifacts.ReadAtCloser, int64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.files[f.Digest]; known != nil {
		return known, known.blob.Size, nil
	}
	for i := range r.plan.Blobs {
		if b := &r.plan.Blobs[i]; b.Digest == f.Digest {
			r.files[f.Digest] = newRemoteFile(ctx, b)
			return r.files[f.Digest], b.Size, nil
		}
	}
	return nil, 0, fmt.Errorf("reading %s of %s: %w", f.Path, r.plan.Name, artifacts.ErrNotFound)
}
