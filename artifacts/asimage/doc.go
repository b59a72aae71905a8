// Package asimage makes a container image of a model's files, and of an image's files an artifact again. The image is what
// RamaLama calls a raw image, and Kubernetes and KServe mount: the files below /models, one layer for each, so that a layer changes only
// with its file, and not compressed, since weights are not compressible. The same model gives the same image everywhere.
package asimage
