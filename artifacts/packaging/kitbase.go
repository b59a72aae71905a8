package packaging

import (
	"slices"
	"strings"

	"go.podman.io/image/v5/docker/reference"
)

// kitReference returns the ModelKit that the path of a Kitfile's model refers to, without the tag if it has a digest, too;
// "" if it is a path. To KitOps a reference has a tag or a digest (pkg/artifact, IsModelKitReference); one without a registry
// is of the publisher's own machine, and refers to nothing here.
func kitReference(at string) string {
	if !strings.ContainsAny(at, ":@") {
		return ""
	}
	ref, err := reference.ParseNamed(at)
	if err != nil {
		return ""
	}
	if pinned, ok := ref.(reference.Canonical); ok {
		if ref, err = reference.WithDigest(reference.TrimNamed(ref), pinned.Digest()); err != nil {
			return ""
		}
	}
	return ref.String()
}

// KitModel returns the files of a ModelKit that are its model: those that a kit which refers to it has, too. Its code, data
// sets and documents are its own (kitops, pkg/cmd/unpack, unpackParent).
func (m *Model) KitModel() []File {
	return slices.DeleteFunc(slices.Clone(m.Files), func(f File) bool {
		kind := kitKind(f.MediaType)
		return m.Format != ModelKit || kind != "model" && kind != "modelpart"
	})
}
