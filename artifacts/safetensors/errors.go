package safetensors

import "errors"

var (
	// ErrNotSafetensors says that the bytes do not begin as a safetensors file does.
	ErrNotSafetensors = errors.New("not a safetensors file")
	// ErrTruncated says that the file ends before what its header announces: tensor data, or the header itself.
	ErrTruncated = errors.New("file is truncated or damaged")
	// ErrIncomplete says that files which an index lists are missing, or hold less than it says.
	ErrIncomplete = errors.New("model is incomplete")
)

// Bounds on what a file may make the reader do.
const (
	maxHeader   = 100_000_000 // bytes of header, as in the reference reader
	maxMember   = 64 << 10    // bytes of one member of a JSON object: a tensor, or a line of an index
	maxMetadata = 4 << 20     // bytes of __metadata__; the notes of training tools take up to 1 MiB
	maxDTypes   = 64          // different number types in a file
	maxDims     = 64          // dimensions of a tensor
	maxConfig   = 4 << 20     // bytes of config.json
	maxIndex    = 256 << 20   // bytes of an index; those of the largest models take about 20 MiB
	maxFiles    = 100_000     // files in an index; their names count to five digits
	readAhead   = 1 << 20     // bytes of one read of a header
	maxArchs    = 64          // architectures in config.json
	lengthBytes = 8           // of the header's length, before it
)
