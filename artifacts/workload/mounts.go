package workload

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// sources returns the name of a model, source if that is given, and the artifact that its files are mounted from if that is
// not the model itself; else "".
func sources(m *artifacts.Model, source string) (model, from string) {
	how, ok := m.Mount.(artifacts.ArtifactMount)
	switch {
	case ok && (how.Source == m.Name || how.Source == m.Digest.Encoded()):
		return cmp.Or(source, how.Source), ""
	case ok:
		return cmp.Or(source, m.Name, m.Digest.Encoded()), how.Source
	}
	if image, ok := m.Mount.(artifacts.ImageMount); ok && image.Image != m.Name {
		return cmp.Or(source, m.Name), image.Image
	}
	return cmp.Or(source, m.Name), ""
}

// mounts returns one mount for each file, in the order of the manifest; of an image, one for the whole folder.
func mounts(m *artifacts.Model) ([]FileMount, error) {
	switch how := m.Mount.(type) {
	case artifacts.ArtifactMount:
		return artifactMounts(m)
	case artifacts.BindMount:
		return bindMounts(m, how)
	case artifacts.ImageMount:
		return []FileMount{{Destination: ModelRoot, ImagePath: how.Subpath}}, nil
	default:
		return nil, errors.New("the store does not say how a container sees it")
	}
}

func bindMounts(m *artifacts.Model, how artifacts.BindMount) ([]FileMount, error) {
	out := make([]FileMount, 0, len(m.Packaging.Files))
	for _, f := range m.Packaging.Files {
		host := how.Files[f.Path]
		if host == "" {
			return nil, fmt.Errorf("%q is not on the host", f.Path)
		}
		out = append(out, FileMount{Destination: inModelRoot(f.Path), HostPath: host})
	}
	return out, nil
}

// artifactMounts selects each layer by its digest, or by its title where Podman would find more than one layer by the digest
// (libartifact, "more than one match for the digest").
func artifactMounts(m *artifacts.Model) ([]FileMount, error) {
	out := make([]FileMount, 0, len(m.Packaging.Files))
	for _, f := range m.Packaging.Files {
		if f.Encoding != packaging.Raw {
			return nil, fmt.Errorf("%w: %q is an archive (%s)", packaging.ErrUnservable, f.Path, f.Encoding)
		}
		mount := FileMount{Destination: inModelRoot(f.Path)}
		switch {
		case !f.Repeated:
			mount.Digest = f.Digest
		case f.TitleUnique:
			mount.Title = f.Title
		default:
			return nil, fmt.Errorf("%w: the digest %s of %q is listed more than once, and no title of its own tells it apart",
				packaging.ErrUnservable, f.Digest, f.Path)
		}
		out = append(out, mount)
	}
	return out, nil
}

// inModelRoot does not clean the path: what leaves ModelRoot is for Validate to refuse, not to be mended.
func inModelRoot(p string) string { return ModelRoot + "/" + strings.TrimPrefix(p, "./") }

// isBelowModelRoot says whether p is a clean absolute path of a file below ModelRoot.
func isBelowModelRoot(p string) bool {
	return path.Clean(p) == p && strings.HasPrefix(p, ModelRoot+"/")
}
