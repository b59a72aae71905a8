// Package kube renders a workload to objects of Kubernetes, which podman kube play reads, too, or of KServe. It is pure.
//
// The model comes to the server as an image volume (KEP-4639: alpha in Kubernetes 1.31, sub-folders of images since 1.33, on by
// default since 1.35; Podman 5.3), as a modelcar beside the server, or as KServe brings it.
package kube
