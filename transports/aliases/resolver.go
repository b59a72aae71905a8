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

// LookupError says that nobody can tell whether a reference is a short name, or of what: a file is broken, or goes round in a circle.
type LookupError struct{ Err error }

// Error is that of Err.
func (e *LookupError) Error() string { return e.Err.Error() }

// Unwrap is Err.
func (e *LookupError) Unwrap() error { return e.Err }

// expand returns what a reference stands for, if it does; the error is a *LookupError.
func (r *Resolver) expand(input string) (m Meaning, ok bool, err error) {
	if !IsShort(input) {
		return Meaning{}, false, nil
	}
	known, err := r.Known()
	if err == nil {
		m, ok, err = known.Expand(input)
	}
	if err != nil {
		return Meaning{}, false, &LookupError{err}
	}
	return m, ok, nil
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
