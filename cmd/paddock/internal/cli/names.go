package cli

import (
	"strings"

	"go.podman.io/image/v5/docker/reference"

	"github.com/paddock-dev/paddock/artifacts"
)

// rlcrFolder is where RamaLama publishes its models: rlcr://NAME is a name in it.
const rlcrFolder = "rlcr.io/ramalama"

// localRegistry begins the names of models that are of no registry, as Podman has it for images that it builds.
const localRegistry = localDomain + "/"

const localDomain = "localhost"

// localName is what a person typed, as stores know names: they have no scheme.
func localName(typed string) string {
	if name, ok := strings.CutPrefix(typed, "rlcr://"); ok {
		return rlcrFolder + "/" + name
	}
	return strings.TrimPrefix(typed, "docker://")
}

// nameOrDigest names a model so that rm and inspect find it again.
func nameOrDigest(m *artifacts.Model) string {
	if m.Name != "" {
		return m.Name
	}
	return m.Digest.String()
}

// repositoryOf returns the repository of a name, for a hint; REPOSITORY if what was typed has none.
func repositoryOf(typed string) string {
	ref, err := reference.ParseNamed(localName(typed))
	if err != nil {
		return "REPOSITORY"
	}
	return ref.Name()
}

// registryOf returns the host of a name, for a hint; what was typed if it has none.
func registryOf(typed string) string {
	ref, err := reference.ParseNamed(localName(typed))
	if err != nil {
		return typed
	}
	return reference.Domain(ref)
}
