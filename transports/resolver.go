package transports

import (
	"context"

	"github.com/paddock-dev/paddock/artifacts"
)

// Resolver finds out what a model consists of. A transport is one; so is a Table, for references of all its transports.
type Resolver interface {
	// Resolve makes the Plan of what input names; for a transport that is a Reference's Argument. It moves no weights.
	// The error wraps the errors of package artifacts that callers branch on.
	Resolve(ctx context.Context, input string) (*artifacts.Plan, error)
}

// Transport is one row of a Table.
type Transport struct {
	// Name is the word for the transport: "registry".
	Name string
	// Schemes are what stands before "://", in lower case; any of them means this transport.
	Schemes []string
	// Prefixes are what stands before ":" and a path, as containers/image writes folders and archives: "oci" of oci:PATH.
	Prefixes []string
	// Paths says that it also gets what can only be a path: /x, ./x, ../x. At most one transport does.
	Paths bool
	// Bare says that it also gets the references without a scheme. At most one transport does.
	Bare bool
	// Hosts are the web sites of the origin, in lower case: an http or https URL on one of them, and a bare name that starts
	// with one, mean this transport before any other. The Argument then is HOST/PATH, as it was typed.
	Hosts []string
	// WholeURL says that the scheme is part of what is asked for, as with https://: the Argument then is the whole input.
	WholeURL bool
	// Resolver does the work.
	Resolver Resolver
}
