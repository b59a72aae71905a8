// Package hub is what the transports for sites with model repositories have in common: asking one web site, with a token
// that no other place sees, and making a reproducible plan of a repository's files.
package hub
