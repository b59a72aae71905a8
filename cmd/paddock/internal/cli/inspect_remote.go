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
		return nil, nil, hintFetch(namingAs("inspecting", o.name, err), o.name, &o.origin)
	}
	if len(plan.Pending) > 0 {
		if o.raw || o.config {
			err = fmt.Errorf("%w: nobody says the digests of its files, so there is no manifest before a pull", errors.ErrUnsupported)
		}
		var model *artifacts.Model
		var at *remotePlan
		if err == nil {
			model, at, err = lookAtPending(ctx, plan)
		}
		if err != nil {
			return nil, nil, WithHint(fmt.Errorf("inspecting %s: %w", o.name, err), "paddock pull "+o.name)
		}
		ui.Note(env.Err, "nobody says the digests of its files: they are known after a pull")
		return model, at, nil
	}
	at := newRemotePlan(plan)
	model := at.model(ctx)
	if model.Kind == artifacts.KindImage {
		if err := at.lookIntoImage(ctx, env, model); err != nil {
			return nil, nil, fmt.Errorf("inspecting %s: %w", o.name, err)
		}
	}
	if model.Packaging.Derivable {
		ui.Note(env.Err, "what is in its archives can only be told after a pull")
	}
	return model, at, nil
}

// lookAtPending describes the model of a plan whose files have no digests: with digests in their place its manifest says what
// the files are, and nothing else of it is believed.
func lookAtPending(ctx context.Context, plan *artifacts.Plan) (*artifacts.Model, *remotePlan, error) {
	found, madeUp := make([]artifacts.Found, len(plan.Pending)), map[digest.Digest]bool{}
	for i := range plan.Pending {
		p := &plan.Pending[i]
		if p.Size < 0 {
			return nil, nil, fmt.Errorf("%w: nobody says how long %s is, so there is no manifest before a pull", errors.ErrUnsupported, p.Name)
		}
		found[i] = artifacts.Found{Digest: p.Digest, Size: p.Size}
		if p.Digest == "" {
			found[i].Digest = digest.FromString(p.Name)
			madeUp[found[i].Digest] = true
		}
	}
	whole, err := plan.Complete(found)
	if err != nil {
		return nil, nil, err
	}
	named := *whole
	named.Name = plan.Name
	at := newRemotePlan(&named)
	model := at.model(ctx)
	model.Digest, model.Manifest = "", nil
	for i := range model.Packaging.Files {
		if f := &model.Packaging.Files[i]; madeUp[f.Digest] {
			at.madeUp[f.Path], f.Digest = f.Digest, ""
		}
	}
	return model, at, nil
}

// remotePlan reads the files of a plan where they are. It is safe for concurrent use.
type remotePlan struct {
	plan   *artifacts.Plan
	madeUp map[string]digest.Digest // by path: the digests in plan of files that have none
	inside map[string]span          // by path: where the layers of an image have its files

	mu    sync.Mutex
	files map[digest.Digest]*remoteFile
}

var _ artifacts.Reader = (*remotePlan)(nil)

func newRemotePlan(plan *artifacts.Plan) *remotePlan {
	return &remotePlan{plan: plan, madeUp: map[string]digest.Digest{}, files: map[digest.Digest]*remoteFile{}}
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
func (r *remotePlan) OpenFile(ctx context.Context, m *artifacts.Model, f *artifacts.File) (artifacts.ReadAtCloser, int64, error) {
	want := f.Digest
	if want == "" {
		want = r.madeUp[f.Path]
	}
	if at, ok := r.inside[f.Path]; ok && m != nil && at.layer == want {
		layer, err := r.blob(ctx, want)
		if err != nil {
			return nil, 0, fmt.Errorf("reading %s of %s: %w", f.Path, r.plan.Name, err)
		}
		return &part{io.NewSectionReader(layer, at.start, at.size), layer}, at.size, nil
	}
	file, err := r.blob(ctx, want)
	if err != nil {
		return nil, 0, fmt.Errorf("reading %s of %s: %w", f.Path, r.plan.Name, err)
	}
	return file, file.blob.Size, nil
}

// blob returns a blob of the plan.
func (r *remotePlan) blob(ctx context.Context, d digest.Digest) (*remoteFile, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.files[d]; known != nil {
		return known, nil
	}
	for i := range r.plan.Blobs {
		if b := &r.plan.Blobs[i]; b.Digest == d {
			r.files[d] = newRemoteFile(ctx, b)
			return r.files[d], nil
		}
	}
	return nil, artifacts.ErrNotFound
}
