package aliases

import (
	"context"
	"errors"
	"fmt"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports"
)

// Resolver looks references up among short names before it asks another Resolver.
type Resolver struct {
	Aliases *Aliases
	// Next gets what a reference stands for. It should be a transports.Namer, too.
	Next transports.Resolver
	// Tell, if not nil, is told what a short name stands for, once for each Resolve.
	Tell func(reference string, m Meaning)
}

var _ transports.Namer = (*Resolver)(nil)

// Resolve implements transports.Resolver.
func (r *Resolver) Resolve(ctx context.Context, input string) (*artifacts.Plan, error) {
	m, ok, err := r.Aliases.Expand(input)
	if err != nil {
		return nil, err
	}
	if ok {
		if r.Tell != nil {
			r.Tell(input, m)
		}
		input = m.Reference
	}
	return r.Next.Resolve(ctx, input)
}

// List implements transports.Lister, if what comes next does.
func (r *Resolver) List(ctx context.Context, input string) ([]string, error) {
	lister, can := r.Next.(transports.Lister)
	if !can {
		return nil, fmt.Errorf("listing what there is of %s: %w", input, errors.ErrUnsupported)
	}
	m, ok, err := r.Aliases.Expand(input)
	if err != nil {
		return nil, err
	}
	if ok {
		input = m.Reference
	}
	return lister.List(ctx, input)
}

// Names implements transports.Namer.
func (r *Resolver) Names(input string) (*transports.Names, error) {
	m, ok, err := r.Aliases.Expand(input)
	if err != nil {
		return nil, err
	}
	if ok {
		input = m.Reference
	}
	if namer, can := r.Next.(transports.Namer); can {
		return namer.Names(input)
	}
	return &transports.Names{Queries: []string{input}}, nil
}
