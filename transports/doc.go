// Package transports tells from a reference, as a person types it, which origin has the model: the transport, and what
// to ask it for.
//
// A reference is SCHEME://REST, or a bare name of a registry. The transports are listed in a Table, which the command line
// builds; this package knows none of them.
package transports
