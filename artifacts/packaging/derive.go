package packaging

import (
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"
)

// The annotations of a derived manifest, which say what it was made from.
const (
	originDigestAnnotation = "org.paddock.origin.digest"
	originNameAnnotation   = "org.paddock.origin.name"
	originPointer          = "org.paddock.origin.pointer"
	originBasesAnnotation  = "org.paddock.origin.bases"
)

// Origin is the model that a derived manifest is made from.
type Origin struct {
	// Name is the repository, without tag and digest, so that the second tag of a model derives the same; "" if it has none.
	Name string
	// Pointer is where the link model.file of an image leads; "" if there is none. See DerivedPointer.
	Pointer string
	// Manifest is the publisher's, byte for byte.
	Manifest []byte
	// Bases are the manifests of the ModelKits whose models are in it, too: its Base, that one's Base, and so on.
	Bases []digest.Digest
}

// Derive writes a ModelPack manifest, and its config, for a model whose own manifest no container can mount file by file:
// because files are in archives, or because several layers have one digest. files are what is to be seen in the container,
// each with the digest of its own content; contents that occur more than once are one layer, which lists its files in the
// annotation org.paddock.files. Parse reads that back as several files of one digest, none of them Repeated.
//
// The annotations org.paddock.origin.digest, .bases and .name say what the manifest was made from; the time of
// creation is the origin's, if that says one. Everything else follows from the files: the same origin gives the same digest
// on every machine. Errors are those of BuildModelPack.
func Derive(origin *Origin, files []BuildFile) (manifest, config []byte, err error) {
	annotations := map[string]string{originDigestAnnotation: digest.FromBytes(origin.Manifest).String()}
	if origin.Name != "" {
		annotations[originNameAnnotation] = origin.Name
	}
	if origin.Pointer != "" {
		annotations[originPointer] = origin.Pointer
	}
	if len(origin.Bases) > 0 {
		annotations[originBasesAnnotation] = joinDigests(origin.Bases)
	}
	meta := &BuildMeta{Created: Created(origin.Manifest), Annotations: annotations}
	manifest, config, err = buildManifest(files, meta, true)
	if err != nil {
		return nil, nil, fmt.Errorf("deriving a manifest of single files: %w", err)
	}
	return manifest, config, nil
}

// DerivedPointer returns the Pointer of the Origin that a manifest with these annotations was derived from.
func DerivedPointer(annotations map[string]string) string { return annotations[originPointer] }

// DerivedOf says whether a manifest with these annotations was derived from one with these bases: a reference to a ModelKit
// may since lead to another.
func DerivedOf(annotations map[string]string, manifest digest.Digest, bases []digest.Digest) bool {
	return DerivedFrom(annotations) == manifest && annotations[originBasesAnnotation] == joinDigests(bases)
}

func joinDigests(digests []digest.Digest) string {
	words := make([]string, len(digests))
	for i, d := range digests {
		words[i] = d.String()
	}
	return strings.Join(words, ",")
}

// DerivedFrom returns the digest of the manifest that a manifest with these annotations was derived from; "" if it is not
// a derived one.
func DerivedFrom(annotations map[string]string) digest.Digest {
	d := digest.Digest(annotations[originDigestAnnotation])
	if d.Validate() != nil {
		return ""
	}
	return d
}
