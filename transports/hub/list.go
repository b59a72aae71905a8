package hub

import (
	"context"
	"fmt"
	"strings"

	"github.com/paddock-dev/paddock/transports"
	"github.com/paddock-dev/paddock/transports/repofiles"
)

var _ transports.Lister = (*Resolver)(nil)

// List implements transports.Lister: the quantisations of a repository, the preferred first, at the revision of input.
func (r *Resolver) List(ctx context.Context, input string) ([]string, error) {
	ref, err := r.parse(input)
	if err != nil {
		return nil, err
	}
	found, err := r.list(ctx, input, ref)
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", ref.Origin(r.Scheme), err)
	}
	return found, nil
}

func (r *Resolver) list(ctx context.Context, input string, ref *repofiles.Ref) ([]string, error) {
	t, err := r.target(ctx, input, ref)
	if err != nil {
		return nil, err
	}
	found, err := r.Origin.Look(ctx, t.ref.Repository, t.at)
	if err != nil {
		return nil, err
	}
	paths := make([]string, len(found.Entries))
	for i := range found.Entries {
		paths[i] = found.Entries[i].Path
	}
	choices, err := repofiles.Choices(paths)
	if err != nil {
		return nil, err
	}
	all := make([]string, len(choices))
	for i := range choices {
		choices[i].Repository, choices[i].Revision = found.Repository, t.ref.Revision
		all[i] = strings.TrimPrefix(choices[i].Origin(r.Scheme), r.Scheme+"://")
		if ref.Web { // as it was typed: nothing else says the site
			all[i] = r.Hosts[0] + "/" + all[i]
		}
	}
	return all, nil
}
