// Package imagetree applies the layers of a container image to one another, as far as they concern the folder of a model's
// files, and says what a container sees there. It works on the headers of the layers' tars, and reads and writes nothing.
package imagetree
