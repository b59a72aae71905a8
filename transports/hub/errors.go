package hub

import (
	"fmt"

	"github.com/paddock-dev/paddock/artifacts"
)

// AccessError says that a site wants other credentials than it got. It wraps artifacts.ErrAuthentication and Err.
type AccessError struct {
	// Site is its title: "Hugging Face".
	Site string
	// Problem is what the site refuses, in words.
	Problem string
	// Page is where a person can ask for access; "" if a token is all that is missing.
	Page string
	// Variable is the environment variable that holds a token, and Sent says that one was sent.
	Variable string
	Sent     bool
	// Err is the answer.
	Err error
}

// Error is one line.
func (e *AccessError) Error() string {
	return fmt.Sprintf("%s: %v: %s: %v", e.Site, artifacts.ErrAuthentication, e.Problem, e.Err)
}

// Unwrap makes errors.Is find artifacts.ErrAuthentication.
func (e *AccessError) Unwrap() []error { return []error{artifacts.ErrAuthentication, e.Err} }

// MissingError says that a site has no such repository, revision or file. It wraps artifacts.ErrNotFound.
type MissingError struct {
	// Site is its title, and What is missing, in words.
	Site, What string
	// Variable is the environment variable that holds a token, if one might show more than the site did: it does not tell what
	// is private from what is not there. Else "".
	Variable string
	// Sent says that a token was sent.
	Sent bool
}

// Error is one line.
func (e *MissingError) Error() string {
	if e.Variable != "" {
		return fmt.Sprintf("%s has %s that this user may see: %v", e.Site, e.What, artifacts.ErrNotFound)
	}
	return fmt.Sprintf("%s has %s: %v", e.Site, e.What, artifacts.ErrNotFound)
}

// Unwrap is artifacts.ErrNotFound.
func (e *MissingError) Unwrap() error { return artifacts.ErrNotFound }
