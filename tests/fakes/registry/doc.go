// Package registry is a container registry in the test's own process: it speaks the distribution protocol over HTTP, is
// strict about what it is sent, and breaks in every way that a test asks for.
//
// A request that no client should make, and credentials that reach the host which blobs are redirected to, fail the test.
package registry
