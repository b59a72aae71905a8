package registry

import (
	"context"
	"fmt"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/docker"
	"go.podman.io/image/v5/image"
	"go.podman.io/image/v5/manifest"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// found is the manifest that a name led to.
type found struct {
	raw       []byte
	mediaType string
	indirect  bool // an index led to it
	unparsed  *image.UnparsedImage
}

// resolve makes the Plan of a full name.
func (r *Resolver) resolve(ctx context.Context, name artifacts.Name) (plan *artifacts.Plan, err error) {
	err = r.whileBusy(ctx, name, func(ctx context.Context) error {
		plan, err = r.resolveOnce(ctx, name)
		return err
	})
	return plan, err
}

func (r *Resolver) resolveOnce(ctx context.Context, name artifacts.Name) (*artifacts.Plan, error) {
	policy, err := r.policy()
	if err != nil {
		return nil, err
	}
	ref, err := docker.NewReference(name.Reference())
	if err != nil {
		return nil, fmt.Errorf("%w: %q: %w", artifacts.ErrInvalidName, name, err)
	}
	if err := r.checkCertificates(name.Reference()); err != nil {
		return nil, fmt.Errorf("reading manifest of %s: %w", name, err)
	}
	src, err := ref.NewImageSource(ctx, r.sys)
	if err != nil {
		return nil, r.explain(ctx, name, fmt.Errorf("reading manifest of %s: %w", name, err))
	}
	defer src.Close()
	m, err := r.follow(ctx, name, src)
	if err != nil {
		return nil, err
	}
	// As in Podman, it is the single manifest that must be allowed, not an index around it; and nothing else is read before.
	if err := r.admit(ctx, policy, name, m.unparsed); err != nil {
		return nil, err
	}
	return r.plan(name, m)
}

// follow reads the manifest of a source, through indexes as deep as packaging.MaxIndexDepth.
func (r *Resolver) follow(ctx context.Context, name artifacts.Name, src types.ImageSource) (*found, error) {
	var at *digest.Digest // nil: what the name stands for
	for range packaging.MaxIndexDepth + 1 {
		unparsed := image.UnparsedInstance(src, at)
		raw, contentType, err := unparsed.Manifest(ctx)
		if err != nil {
			err = r.mismatch(ctx, name, src, at, err)
			return nil, r.explain(ctx, name, fmt.Errorf("reading manifest of %s: %w", describe(name, at), err))
		}
		if !packaging.IsIndex(contentType, raw) {
			return &found{raw, packaging.ManifestMediaType(contentType, raw), at != nil, unparsed}, nil
		}
		chosen, err := packaging.ChooseInstance(raw, r.arch, r.os)
		if err != nil {
			return nil, fmt.Errorf("choosing from the index %s: %w", describe(name, at), err)
		}
		if err := r.tell(name, raw, chosen); err != nil {
			return nil, err
		}
		at = &chosen.Digest
	}
	return nil, fmt.Errorf("reading manifest of %s: indexes are nested more than %d deep", name, packaging.MaxIndexDepth)
}

// tell says what is taken of an index, if there is more in it.
func (r *Resolver) tell(name artifacts.Name, index []byte, chosen packaging.Descriptor) error {
	if r.say == nil {
		return nil
	}
	left, err := packaging.Left(index, chosen)
	if err != nil {
		return fmt.Errorf("reading the index %s: %w", name, err)
	}
	if left != "" {
		r.say(fmt.Sprintf("%s is an index: taking %s, %s, and leaving %s", name, packaging.Choice(chosen), chosen.Digest, left))
	}
	return nil
}

// mismatch tells a manifest whose bytes are wrong from one that could not be read; the library has no type for it.
func (r *Resolver) mismatch(ctx context.Context, name artifacts.Name, src types.ImageSource, at *digest.Digest, err error) error {
	want := name.Digest()
	if at != nil {
		want = *at
	}
	if want == "" || ctx.Err() != nil {
		return err
	}
	raw, _, readErr := src.GetManifest(ctx, at)
	if readErr != nil {
		return err
	}
	if same, matchErr := manifest.MatchesDigest(raw, want); matchErr != nil || same {
		return err
	}
	return fmt.Errorf("%w: %w", artifacts.ErrVerification, err)
}

// describe names a manifest in an error.
func describe(name artifacts.Name, at *digest.Digest) string {
	if at == nil {
		return name.String()
	}
	return fmt.Sprintf("%s (%s in its index)", name, *at)
}
