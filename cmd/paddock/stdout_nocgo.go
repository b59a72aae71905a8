//go:build !cgo

package main

// stdoutClosed is false: without C, nothing of ours runs before Go's runtime has opened /dev/null as the standard output.
func stdoutClosed() bool { return false }
