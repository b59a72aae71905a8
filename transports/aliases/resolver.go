package aliases

import (
	"context"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports"
)

// Resolver looks references up among short names before it asks another Resolver.
type Resolver struct {
	// Known returns the short names. It is asked only for what can be one: an error of it, a file that is broken, stops no other.
	Known func() (*Aliases, error)
	// Next gets what a reference stands for. It should be a transports.Namer, too.
	Next transports.Resolver
	// Tell, if not nil, is told what a short name stands for, once for each Resolve.
	Tell func(reference string, m Meaning)
}

var _ transports.Namer = (*Resolver)(nil)

// Resolve implements transports.Resolver.
func (r *Resolver) Resolve(ctx context.Context, input string) (*artifacts.Plan, error) {
	m, ok, err := r.expand(input)
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

func (r *Resolver) expand(input string) (Meaning, bool, error) {
	if !IsShort(input) {
		return Meaning{}, false, nil
	}
	known, err := r.Known()
	if err != nil {
		return Meaning{}, false, err
	}
	return known.Expand(input)
}

// List implements transports.Lister, if what comes next does.
func (r *Resolver) List(ctx context.Context, input string) ([]string, error) {
	lister, can := r.Next.(transports.Lister)
	if !can {
		return nil, transports.NoList(input, "")
	}
	m, ok, err := r.expand(input)
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
	m, ok, err := r.expand(input)
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
