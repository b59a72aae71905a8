// Package file finds models on this machine's disks: a GGUF file with all its parts, or a folder.
//
// The files are shared with the store (reflink or hard link) or copied, and read once, for their digests. A model is called
// after what was given: ./dir/m.gguf is localhost/m.gguf:latest. Nothing of the path is kept but that last element: the same
// files make the same model on every machine.
package file
