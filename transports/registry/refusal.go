package registry

import (
	"fmt"

	"github.com/paddock-dev/paddock/artifacts"
)

// PolicyError says that the machine's administrator forbids a reference. It wraps artifacts.ErrPolicy and Err.
type PolicyError struct {
	// Act is what was being done, with the reference and, if it is known, the file that has the rule.
	Act string
	// Blocked says that the rule is "blocked = true" in registries.conf; otherwise it is one of containers-policy.json.
	Blocked bool
	// Unsigned says that the rule wants a signature and that none was found.
	Unsigned bool
	// Err is the reason.
	Err error
}

// Error is one line.
func (e *PolicyError) Error() string {
	return fmt.Sprintf("%s: %v: %v", e.Act, artifacts.ErrPolicy, e.Err)
}

// Unwrap makes errors.Is find artifacts.ErrPolicy.
func (e *PolicyError) Unwrap() []error { return []error{artifacts.ErrPolicy, e.Err} }

// AuthenticationError says that a registry refused the credentials that were found for it, or that none were found. It
// wraps artifacts.ErrAuthentication and Err.
type AuthenticationError struct {
	// Registry is the host[:port] that refused, as credentials are looked up for it: where registries.conf rewrites a
	// location, that is not the host of the reference.
	Registry string
	// Err is the reason.
	Err error
}

// Error is one line.
func (e *AuthenticationError) Error() string {
	return fmt.Sprintf("registry %s: %v: %v", e.Registry, artifacts.ErrAuthentication, e.Err)
}

// Unwrap makes errors.Is find artifacts.ErrAuthentication.
func (e *AuthenticationError) Unwrap() []error { return []error{artifacts.ErrAuthentication, e.Err} }
