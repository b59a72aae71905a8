package cli

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"go.podman.io/image/v5/docker/reference"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports/hf"
	"github.com/paddock-dev/paddock/transports/modelscope"
	"github.com/paddock-dev/paddock/transports/synth"
)

// checkFrom refuses an origin for a name that does not say what has to come of it.
func (o *ensureOptions) checkFrom() error {
	if o.from == "" {
		return nil
	}
	if name, err := artifacts.ParseName(o.name); err != nil || name.Digest() == "" {
		return usagef("--from is for a NAME that pins a digest, as in hf.co/org/model@sha256:..., got %q", o.name)
	}
	return nil
}

// fetchPinned pulls a model from an origin that makes its manifest anew, and keeps it under a name. Nothing is kept if what
// the origin has by now is not the model of that digest.
func fetchPinned(ctx context.Context, env *Env, store artifacts.Store, from string, as artifacts.Name, want digest.Digest, o *fetchOptions) error {
	pinned := *o
	pinned.admit = func(m *artifacts.Model) error {
		if m.Digest != want {
			return fmt.Errorf("%w: %s is %s by now, not %s", artifacts.ErrVerification, from, m.Digest, want)
		}
		return nil
	}
	_, err := fetchAs(ctx, env, store, from, as, &pinned)
	return err
}

// originOf returns the reference that a model can be pulled by again, if its name says nothing to a registry: the name is the
// origin's own, or this machine's. "" if its name is all there is. Of a file, nobody keeps where it was.
func originOf(env *Env, m *artifacts.Model) string {
	if origin := originToFollow(env, m); origin != "" {
		return atCommit(origin, m.Annotations[ocispec.AnnotationRevision])
	}
	return ""
}

// originToFollow is originOf, and moves as the origin does.
func originToFollow(env *Env, m *artifacts.Model) string {
	origin := m.Annotations[synth.OriginAnnotation]
	name, err := artifacts.ParseName(m.Name)
	if origin == "" || strings.HasPrefix(origin, "file:") || m.Kind == artifacts.KindImage || err != nil {
		return ""
	}
	names, err := possibleNames(env, origin)
	if err != nil {
		return "" // an origin is no short name
	}
	own := slices.ContainsFunc(names.Queries, func(query string) bool {
		known, err := artifacts.ParseName(query)
		return err == nil && known.Repository() == name.Repository()
	})
	if !own && reference.Domain(name.Reference()) != localDomain {
		return ""
	}
	return origin
}

// atCommit pins an origin to a commit, if it is at a site that has commits.
func atCommit(origin, commit string) string {
	scheme, _, _ := strings.Cut(origin, "://")
	if commit == "" || !slices.Contains(slices.Concat(hf.Schemes(), modelscope.Schemes()), scheme) {
		return origin
	}
	mark := "?"
	if strings.Contains(origin, mark) {
		mark = "&"
	}
	return origin + mark + "commit=" + url.QueryEscape(commit)
}
