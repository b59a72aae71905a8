// Package ollama finds models in Ollama's registry, and in others that speak its protocol.
//
// That registry is no OCI registry to Podman's libraries: it has no /v2/ to greet, and its manifests look like images. A
// manifest's layers become files with names and roles (package packaging has the rules). The Go template among them is kept,
// but no runtime other than Ollama understands it: llama-server uses the one in the GGUF file.
package ollama
