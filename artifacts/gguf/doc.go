// Package gguf reads what a GGUF file says of its model: architecture, parameters, quantisation, context, and what an
// estimate of its memory needs. It reads the header only, in a few large steps, so a remote file works as well as a
// local one; it never touches the weights.
//
// Headers come from strangers. Every count and length is checked against the size of the file before anything is
// allocated, arrays such as the vocabulary are stepped over, and what is kept is bounded by a few megabytes.
//
// The format is described in ggml/docs/gguf.md; where that is silent, ggml/src/gguf.cpp is followed. Versions 1, 2 and 3
// are read, in both byte orders.
package gguf
