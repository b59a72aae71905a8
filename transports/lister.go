package transports

import (
	"context"
	"fmt"

	"github.com/paddock-dev/paddock/transports/source"
)

// Lister is a Resolver that can say which references there are beside one: the tags of a repository, the quantisations of a
// model. Find it by a type assertion on a Transport's Resolver.
type Lister interface {
	// List returns what can be asked for, as complete references for the same transport. input is what Resolve takes; what it
	// says of a tag counts for nothing. Errors are as for Resolve.
	List(ctx context.Context, input string) ([]string, error)
}

// NoList is the error of what has no list: files, URLs, registries of Ollama. Where a person finds one may be "". It says nothing of
// the reference being wrong, and repeats no password in it.
func NoList(input, where string) error {
	if where != "" {
		where = "; " + where
	}
	return source.Scrub(fmt.Errorf("listing what there is beside %s: only registries, Hugging Face and ModelScope have lists%s", input, where))
}

// List parses a reference and asks its transport what there is beside it. The answers are references of the table.
func (t *Table) List(ctx context.Context, input string) ([]string, error) {
	ref, err := t.Parse(input)
	if err != nil {
		return nil, err
	}
	lister, ok := ref.Transport.Resolver.(Lister)
	if !ok {
		return nil, NoList(input, "")
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
