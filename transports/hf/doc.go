// Package hf reads models from Hugging Face: its API for the commit and the files of a repository, and plain HTTP for the
// bytes, which also gives what is kept in Xet. What it makes is kept under hf.co/ORG/REPO:QUANT, with ":latest" for
// safetensors; a revision that is not the default branch is a part of the tag. A mirror (HF_ENDPOINT) changes no name.
package hf
