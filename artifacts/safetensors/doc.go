// Package safetensors reads what safetensors files and the JSON files beside them say of a model: parameters, number
// types, architecture, context length, quantisation. It reads headers only, never the weights.
//
// Headers come from strangers. Their length is checked against the file, they are decoded as a stream, and what is kept
// of them is bounded. The format is that of github.com/huggingface/safetensors; the checks are those of its reference
// reader (safetensors/src/tensor.rs).
package safetensors
