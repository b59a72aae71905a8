package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/pkg/sysregistriesv2"
	"golang.org/x/sync/errgroup"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports/source"
)

// defaultUploads is how many blobs are sent at once, as go.podman.io/image/copy has it.
const defaultUploads = 6

// PushOptions tunes Push. nil means the zero value, whose meaning each field states.
type PushOptions struct {
	// Progress receives what happens to each blob; nil: nobody watches.
	Progress artifacts.Progress
	// Jobs is how many blobs may be sent at once; 0: 6.
	Jobs int
	// Chunk is how many bytes one request brings; 0: 64 MiB. A registry that wants more of them gets more.
	Chunk int64
	// Has names repositories that may have a blob, best first, so that a registry with both can take it from there.
	Has func(d digest.Digest) []artifacts.Name
	// Sessions is a folder that remembers uploads which were begun, so that a later Push goes on with them; "": none does.
	Sessions string
	// Sign says how to sign the manifest; nil: not.
	Sign *SignOptions
}

// Push uploads the blobs of a plan that the repository of dest lacks, then the manifest, byte for byte, and reads it back: no
// error means that the registry has it. A dest that pins a digest must pin the plan's. Mirrors are not asked; a registry that
// registries.conf blocks is refused. The plan's blobs are sent UNVERIFIED: a registry compares them with their digests, and
// what it refuses is an error that wraps artifacts.ErrVerification. Keys are read, and gpg signs, before anything is sent; a tag
// is written when the signatures are there. The other errors are as for Resolve.
func (r *Resolver) Push(ctx context.Context, plan *artifacts.Plan, dest artifacts.Name, o *PushOptions) error {
	if o == nil {
		o = &PushOptions{}
	}
	if d := dest.Digest(); d != "" && d != plan.Digest {
		return fmt.Errorf("pushing %s to %s: %w: the manifest's digest is %s", plan.Name, dest, artifacts.ErrInvalidName, plan.Digest)
	}
	p, err := r.pusher(dest, o)
	if err != nil {
		return fmt.Errorf("pushing to %s: %w", dest, err)
	}
	signs, err := r.signing(ctx, plan, dest, o.Sign)
	if err != nil {
		return fmt.Errorf("signing %s: %w", dest, err)
	}
	err = p.run(ctx, plan, signs)
	if err = errors.Join(err, signs.close()); err != nil {
		return fmt.Errorf("pushing to %s: %w", dest, err)
	}
	return nil
}

// pusher writes to one repository.
type pusher struct {
	r     *Resolver
	o     *PushOptions
	dest  artifacts.Name
	place *sysregistriesv2.PullSource
	at    *endpoint
}

func (r *Resolver) pusher(dest artifacts.Name, o *PushOptions) (*pusher, error) {
	if err := refuseBlocked(r.sys, dest.Reference()); err != nil {
		return nil, err
	}
	place, err := home(r, dest.Reference())
	if err != nil {
		return nil, err
	}
	at, err := r.endpointFor(dest.Reference(), place, use{push: true})
	if err != nil {
		return nil, err
	}
	return &pusher{r: r, o: o, dest: dest, place: place, at: at}, nil
}

// home is the registry itself, the one place that is written to: mirrors are for reading.
func home(r *Resolver, ref reference.Named) (*sysregistriesv2.PullSource, error) {
	places, err := pullSources(r.sys, ref)
	if err != nil {
		return nil, err
	}
	if len(places) == 0 {
		return nil, errors.New("registries.conf names no place for it")
	}
	return &places[len(places)-1], nil
}

func (p *pusher) run(ctx context.Context, plan *artifacts.Plan, signs *signing) error {
	if err := p.at.probe(ctx); err != nil {
		return err
	}
	if err := p.blobs(ctx, plan.Blobs); err != nil {
		return err
	}
	if signs == nil {
		return p.manifest(ctx, p.place.Reference, plan)
	}
	pinned, err := reference.WithDigest(reference.TrimNamed(p.place.Reference), plan.Digest)
	if err != nil {
		return err
	}
	if err := p.manifest(ctx, pinned, plan); err != nil {
		return err
	}
	if err := signs.put(ctx, p.r); err != nil {
		err = source.NetError(ctx, source.Scrub(err))
		return fmt.Errorf("signing it: %w; the registry has it unsigned, by its digest %s alone", err, plan.Digest)
	}
	if p.dest.Digest() != "" {
		return nil
	}
	return p.manifest(ctx, p.place.Reference, plan)
}

// blobs sends what is missing, the largest first, so that it is not left alone at the end.
func (p *pusher) blobs(ctx context.Context, blobs []artifacts.Blob) error {
	sorted := slices.Clone(blobs)
	slices.SortStableFunc(sorted, func(a, b artifacts.Blob) int { return cmp.Compare(b.Size, a.Size) })
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(cmp.Or(p.o.Jobs, defaultUploads))
	for i := range sorted {
		group.Go(func() error {
			u := newUpload(p, &sorted[i])
			if err := u.run(ctx); err != nil {
				return fmt.Errorf("uploading blob %s: %w", sorted[i].Digest, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// mountFrom returns an endpoint with the right to read the repository that has a blob, and the repository's path; nil if
// none is known in the same registry. A right of its own, so that a token server that refuses it spoils no upload.
func (p *pusher) mountFrom(d digest.Digest) (*endpoint, string) {
	if p.o.Has == nil {
		return nil, ""
	}
	for _, name := range p.o.Has(d) {
		place, err := home(p.r, name.Reference())
		if err != nil || reference.Domain(place.Reference) != p.at.name || reference.Path(place.Reference) == p.at.path {
			continue
		}
		from := reference.Path(place.Reference)
		at, err := p.r.endpointFor(p.dest.Reference(), p.place, use{push: true, from: from})
		if err == nil {
			return at, from
		}
	}
	return nil, ""
}

// wantsOnePut says whether a registry is known to take a blob only in one piece (formats seen by kitops, upload-format.go).
func wantsOnePut(host string) bool {
	host, _, _ = strings.Cut(host, ":")
	return host == "ghcr.io" || slices.ContainsFunc([]string{".pkg.dev", "gcr.io", ".amazonaws.com"}, func(end string) bool {
		return strings.HasSuffix(host, end)
	})
}
