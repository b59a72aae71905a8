//go:build faults

// Package faults breaks pulls in every way that is known to happen, with a proxy in front of a real registry, real signals,
// and real full disks, and looks at what is left: Podman's store is consistent, Podman agrees, and the next pull completes.
//
// It runs in the lab, as root:
//
//	go test -tags=faults -exec=$PWD/tests/inlab ./tests/faults [-args -seed=N]
package faults
