// Package pack finds the files of a model on this machine's disk, and describes them: by what is in them first, by their
// names second. It reads headers and bytes, and writes nothing.
package pack
