package gguf

import "errors"

var (
	// ErrNotGGUF says that the bytes do not begin as a GGUF file does.
	ErrNotGGUF = errors.New("not a GGUF file")
	// ErrTruncated says that the file ends before what its header announces: tensor data, or the header itself.
	ErrTruncated = errors.New("file is truncated or damaged")
)

// Bounds on what a header may make the reader do. Real headers stay an order of magnitude below each.
const (
	maxHeader   = 256 << 20 // bytes of header; a vocabulary of 262,144 tokens with its merges takes about 16 MiB
	maxText     = 1 << 20   // bytes of one string that is kept; chat templates take up to 64 KiB
	maxKept     = 4 << 20   // bytes of all that is kept of the metadata
	maxKey      = 128       // bytes of a key that could be of interest
	maxPerLayer = 4096      // elements of an array with one value per layer
	maxDepth    = 4         // arrays inside arrays; llama.cpp reads none
	maxDims     = 4         // GGML_MAX_DIMS
)
