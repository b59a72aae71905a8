package transports

import (
	"context"
	"fmt"

	"github.com/paddock-dev/paddock/artifacts"
)

// Lister is a Resolver that can say which references there are beside one: the tags of a repository, the quantisations of a
// model. Find it by a type assertion on a Transport's Resolver.
type Lister interface {
	// List returns what can be asked for, as complete references for the same transport. input is what Resolve takes; what it
	// says of a tag counts for nothing. Errors are as for Resolve.
	List(ctx context.Context, input string) ([]string, error)
}

// List parses a reference and asks its transport what there is beside it. The answers are references of the table.
func (t *Table) List(ctx context.Context, input string) ([]string, error) {
	ref, err := t.Parse(input)
	if err != nil {
		return nil, err
	}
	lister, ok := ref.Transport.Resolver.(Lister)
	if !ok {
		return nil, fmt.Errorf("%w: %q: what %s has cannot be listed", artifacts.ErrInvalidName, input, ref.Transport.Name)
	}
	found, err := lister.List(ctx, ref.Argument)
	if err != nil {
		return nil, err
	}
	for i := range found {
		ref.Argument = found[i]
		found[i] = ref.String()
	}
	return found, nil
}
