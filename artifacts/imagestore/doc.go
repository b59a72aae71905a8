// Package imagestore keeps models that are published as container images, in the storage that Podman keeps its images in
// (containers-storage). What it lands, podman images shows; what podman pull brought is found here, if it carries a model.
//
// Reading needs no user namespace, no lock and no mount: the records of the storage library are JSON files that it replaces
// as a whole, and the list of each layer's files is the headers of its tar. Writing goes through the library, for which a
// user other than root must be in Podman's user namespace: see Enter.
package imagestore
