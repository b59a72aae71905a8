package transports

import (
	"strings"

	"github.com/opencontainers/go-digest"
)

// Names are what a store may call the model of a reference.
type Names struct {
	// Queries are for artifacts.Store.Find, the likeliest first; never empty.
	Queries []string
	// Repository, if not "", is the name without its tag where that depends on what the origin has: the only model of it is
	// meant if none of Queries is there.
	Repository string
	// Origin is what the annotation org.paddock.origin of the model says, in any case of letters; "" if that is not known.
	// A model that says something else has the same name by chance.
	Origin string
	// Exact says that the case of the letters of Origin tells models apart.
	Exact bool
	// Digest is that of the model's one file, if the reference says it; else "".
	Digest digest.Digest
	// Commit is what the reference wants the model to be made of; "" if it does not say, or not by the commit's own name.
	Commit string
	// Path is where on this machine the model is, or was: absolute, through no link but its last element. "" if it is elsewhere.
	Path string
}

// Agree says whether a model whose annotation says origin may be the one that was meant; "" is of one that does not say.
func (n *Names) Agree(origin string) bool {
	return n.Origin == "" || origin == "" || origin == n.Origin || !n.Exact && strings.EqualFold(origin, n.Origin)
}

// Namer is a Resolver that knows the names of its models without asking the origin. Of one that is no Namer, models are
// kept under what its references say.
type Namer interface {
	// Names returns what a store may call the model that input names. The error wraps artifacts.ErrInvalidName.
	Names(input string) (*Names, error)
}

// Names returns what a store may call the model of a reference. It asks neither the store nor the network.
func (t *Table) Names(input string) (*Names, error) {
	ref, err := t.Parse(input)
	if err != nil {
		return nil, err
	}
	if namer, ok := ref.Transport.Resolver.(Namer); ok {
		return namer.Names(ref.Argument)
	}
	return &Names{Queries: []string{ref.Argument}}, nil
}
