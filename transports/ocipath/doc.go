// Package ocipath finds models in folders and archives as containers/image writes them: oci:PATH[:REF], oci-archive:PATH[:REF],
// dir:PATH and docker-archive:PATH[:REF] (containers-transports(5)).
//
// What is in them was published before, so the manifest is taken byte for byte. Blobs are read where they lie, also in an
// archive: nothing is unpacked to a temporary place. Compressed archives are refused for that reason.
package ocipath
