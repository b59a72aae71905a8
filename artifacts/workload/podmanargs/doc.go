// Package podmanargs holds the words of Podman that its command line and its Quadlet units share: how a file of a model is
// mounted, a port published, a container labelled, and which version can do what. It is pure.
package podmanargs
