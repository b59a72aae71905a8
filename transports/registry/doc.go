// Package registry finds models in OCI registries, as Podman does: short names, registries.conf (mirrors, rewrites,
// blocked and insecure registries), auth.json and credential helpers, certs.d and containers-policy.json all count, through
// Podman's own libraries.
//
// Manifests and signatures are read by go.podman.io/image. Blobs are read by a client of this package, because only parts
// of a blob can be fetched in parallel and resumed; it takes the same configuration. Foreign layers (descriptors with
// "urls") are asked of the registry like any other.
package registry
