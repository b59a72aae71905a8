package dockerstore

import (
	"strings"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/docker/reference"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// pinTag begins the tag that stands for a digest: Docker gives no image that was loaded a name with a digest.
const pinTag = "sha256-"

// dockerName is the name that an image has in Docker: repository@sha256:… is there repository:sha256-….
func dockerName(name string) string {
	return strings.Replace(name, "@sha256:", ":"+pinTag, 1)
}

// nameOf is the name of an image whose manifest has the digest; "" if what Docker calls it is no name.
func nameOf(repository, tag string, d digest.Digest) string {
	ref, err := reference.ParseNormalizedNamed(repository + ":" + tag)
	if err != nil {
		return "" // "<none>"
	}
	if tag == pinTag+d.Encoded() {
		return ref.Name() + "@" + d.String()
	}
	name, err := artifacts.NameFrom(ref)
	if err != nil {
		return ""
	}
	return name.String()
}

func mount(name string) artifacts.Mount {
	return artifacts.ImageMount{Image: dockerName(name), Subpath: packaging.ImageRoot}
}
