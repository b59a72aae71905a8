// Package modelscope reads models from ModelScope: its API for the files of a repository, with their sha256, and plain HTTP
// for the bytes. What it makes is kept under modelscope.cn/ORG/REPO:QUANT, as package hf does for Hugging Face. Where the
// API names no commit, the manifest names no revision; the digests still tell whether the branch has moved.
package modelscope
