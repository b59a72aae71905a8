package hub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/transports"
	"github.com/paddock-dev/paddock/transports/repofiles"
	"github.com/paddock-dev/paddock/transports/source"
	"github.com/paddock-dev/paddock/transports/synth"
)

// Common are the options that every site has.
type Common struct {
	// Include and Exclude are globs for the files; see repofiles.Select.
	Include, Exclude []string
	// System says where the signature policy is.
	System *types.SystemContext
	// Known returns the manifest that a store has under a name or a digest; the error wraps artifacts.ErrNotFound if it has
	// none. nil: there is no store. With it, what did not change is not asked for again.
	Known func(ctx context.Context, query string) ([]byte, error)
	// Say receives what was chosen for a person who did not say, in words; nil: nobody.
	Say func(string)
}

// Resolver makes plans of repositories. Its fields do not change once it is used; safe for concurrent use.
type Resolver struct {
	Common
	// Title is the site's for errors, Scheme the first of a reference, and of the signature policy's.
	Title, Scheme string
	// Hosts are the site's names, of which models are kept under the first.
	Hosts []string
	// Branch is the default branch.
	Branch string
	Web    *source.Web
	Origin Origin
}

var _ transports.Namer = (*Resolver)(nil)

// shortCommit is how many hex digits git takes for a commit, at the least that it writes.
const shortCommit = 7

// Names implements transports.Namer: the tag is the quantisation or the path; without either, it depends on the repository.
func (r *Resolver) Names(input string) (*transports.Names, error) {
	ref, err := r.parse(input)
	if err != nil {
		return nil, err
	}
	names := &transports.Names{Commit: ref.Commit}
	if len(ref.Commit) < shortCommit || strings.Trim(ref.Commit, "0123456789abcdef") != "" {
		names.Commit = ""
	}
	if ref.Web {
		if name, err := artifacts.ParseName(input); err == nil {
			names.Queries = append(names.Queries, name.String()) // as stores have it
		}
	}
	if ref.Digest != "" {
		return names, nil
	}
	name, err := r.name(ref.Repository, ref)
	if err != nil {
		return nil, err
	}
	if ref.Quant != "" || ref.Path != "" {
		names.Queries = append(names.Queries, name.String())
		if !ref.Web {
			names.Origin = ref.Origin(r.Scheme)
		}
		return names, nil
	}
	usual := *ref
	usual.Quant = "Q4_K_M"
	if common, err := r.name(ref.Repository, &usual); err == nil {
		names.Queries = append(names.Queries, common.String())
	}
	names.Queries = append(names.Queries, name.String())
	if ref.Revision == "" {
		names.Repository = name.Repository()
	}
	return names, nil
}

// Resolve implements transports.Resolver.
func (r *Resolver) Resolve(ctx context.Context, input string) (*artifacts.Plan, error) {
	ref, err := r.parse(input)
	if err != nil {
		return nil, err
	}
	plan, err := r.resolve(ctx, input, ref)
	if err != nil {
		return nil, fmt.Errorf("resolving %s: %w", ref.Origin(r.Scheme), err)
	}
	return plan, nil
}

func (r *Resolver) parse(input string) (*repofiles.Ref, error) {
	ref, err := repofiles.ParseRef(input, r.Hosts...)
	if err != nil {
		return nil, err
	}
	if ref.Revision == r.Branch {
		ref.Revision = ""
	}
	if len(r.Include) > 0 && (ref.Quant != "" || ref.Path != "") {
		return nil, fmt.Errorf("%w: %q: what to include takes the place of a quantisation or a path", artifacts.ErrInvalidName, input)
	}
	ref.Include, ref.Exclude = append(ref.Include, r.Include...), append(ref.Exclude, r.Exclude...)
	return ref, nil
}

// name is what a model is kept under.
func (r *Resolver) name(repository string, ref *repofiles.Ref) (artifacts.Name, error) {
	return artifacts.OriginName(r.Hosts[0], repository, ref.Tag())
}

func (r *Resolver) resolve(ctx context.Context, input string, typed *repofiles.Ref) (*artifacts.Plan, error) {
	t, err := r.target(ctx, input, typed)
	if err != nil {
		return nil, err
	}
	found, err := r.Origin.Look(ctx, t.ref.Repository, t.at)
	if err != nil {
		return nil, err
	}
	plan, err := r.plan(ctx, found, t.ref)
	if err != nil {
		return nil, err
	}
	if typed.Digest != "" && plan.Digest != typed.Digest {
		return nil, fmt.Errorf("%w: what it was made of makes another manifest by now, %s", artifacts.ErrVerification, plan.Digest)
	}
	owner, _, _ := strings.Cut(found.Repository, "/")
	scope := synth.Scope{Transport: r.Scheme, Identity: found.Repository, Namespaces: []string{owner}}
	return plan, synth.Admit(ctx, r.System, scope, plan)
}

// target is what to ask the site for: the files of ref, at the revision at.
type target struct {
	ref *repofiles.Ref
	at  string
}

// target finds out what a reference stands for. A name that the store has may be spelled as stores do, so its manifest says
// what it was made of. That is needed for a digest, which means nothing to the site: then the commit is the manifest's, too.
func (r *Resolver) target(ctx context.Context, input string, ref *repofiles.Ref) (*target, error) {
	asTyped := &target{ref: ref, at: cmp.Or(ref.Commit, ref.Revision)}
	name, err := artifacts.ParseName(input)
	if !ref.Web || err != nil || len(r.Include)+len(r.Exclude) > 0 && ref.Digest == "" {
		return asTyped, nil
	}
	query := name.String()
	if ref.Digest != "" {
		query = ref.Digest.String() // by any name
	}
	manifest, err := r.known(ctx, query)
	if err != nil {
		return nil, err
	}
	notes := packaging.Annotations(manifest)
	argument, ours := strings.CutPrefix(notes[synth.OriginAnnotation], r.Scheme+"://")
	switch {
	case !ours && ref.Digest != "":
		what := "no manifests: only a store that the model was pulled into knows what a digest stands for, and this one has no " + query
		return nil, &MissingError{Site: r.Title, What: what}
	case !ours:
		return asTyped, nil
	}
	kept, err := repofiles.ParseRef(argument, r.Hosts...)
	if err != nil {
		return nil, fmt.Errorf("reading the origin of %s: %w", name, err)
	}
	if ref.Digest != "" {
		return &target{ref: kept, at: notes[ocispec.AnnotationRevision]}, nil
	}
	return &target{ref: kept, at: kept.Revision}, nil
}

// known returns the manifest that the store has; nil if there is none.
func (r *Resolver) known(ctx context.Context, query string) ([]byte, error) {
	if r.Known == nil {
		return nil, nil
	}
	manifest, err := r.Known(ctx, query)
	if errors.Is(err, artifacts.ErrNotFound) {
		return nil, nil
	}
	return manifest, err
}
