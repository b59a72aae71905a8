// Package synth makes plans for origins that have no OCI manifests: from files with digests it builds a ModelPack manifest
// that is the same, byte for byte, on every machine. It also shows a plan to containers/image as an image source, so that
// policies are checked, and copies made, by its own code.
package synth
