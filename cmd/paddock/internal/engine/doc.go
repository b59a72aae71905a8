// Package engine is Podman and Docker, as programs that are run: it renders a workload to an argument vector, runs it, asks
// an engine about itself, and chooses one. It prints nothing and needs no socket of an engine.
package engine
