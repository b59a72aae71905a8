// Package hub is what the transports for sites with model repositories have in common: what a repository is, what a site refuses, and
// making a reproducible plan of a repository's files.
package hub
