package artifacts

import (
	"context"
	"fmt"

	"github.com/opencontainers/go-digest"
)

// Removal is one of several removals.
type Removal struct {
	// Query is as for Store.Remove.
	Query string
	// Admit is told which entry would go, by its name ("" if it lost it) and the digest of its manifest, and refuses by an error;
	// nil refuses nothing. The store may be locked meanwhile.
	Admit func(name string, d digest.Digest) error
	// Gone says that the entry is gone, and Err why it is not. With neither it was not tried: the context had ended.
	Gone bool
	Err  error
}

// Remover is a Store that removes many names in the time of one. Find it by a type assertion on a Store, or use RemoveAll.
type Remover interface {
	// RemoveAll does for each query what Remove does, one after the other, and fills in Gone and Err.
	RemoveAll(ctx context.Context, all []*Removal)
}

// RemoveAll removes several names from a store of any kind.
func RemoveAll(ctx context.Context, s Store, all []*Removal) {
	if remover, ok := s.(Remover); ok && len(all) > 0 {
		remover.RemoveAll(ctx, all)
		return
	}
	for _, r := range all {
		r.From(ctx, s)
	}
}

// FailRemovals gives removals that have no error yet theirs.
func FailRemovals(all []*Removal, err error) {
	for _, r := range all {
		if r.Err == nil {
			r.Gone, r.Err = false, fmt.Errorf("removing %s: %w", r.Query, err)
		}
	}
}

// From is one removal by itself.
func (r *Removal) From(ctx context.Context, s Store) {
	if ctx.Err() != nil {
		return
	}
	if r.Admit != nil {
		if m, err := s.Find(ctx, r.Query); err == nil { // else Remove says why
			r.Err = r.Admit(m.Name, m.Digest)
		}
	}
	if r.Err == nil {
		r.Err = s.Remove(ctx, r.Query)
	}
	r.Gone = r.Err == nil
}

// Admits asks Admit, if there is one.
func (r *Removal) Admits(name string, d digest.Digest) error {
	if r.Admit == nil {
		return nil
	}
	return r.Admit(name, d)
}
