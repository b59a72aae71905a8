package dirstore

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// The files of a layout beside its blobs. recordFile and derivedFile are ours; containers/image does not look at them.
const (
	versionFile  = "version"
	manifestFile = "manifest.json"
	recordFile   = "manifest.digest"
	derivedFile  = "derived.digest"
)

// The versions of dir: (containers/image v5.42, directory/version.go): 1.2 is for blobs whose digest is not sha256.
const (
	version11 = "Directory Transport Version: 1.1\n"
	version12 = "Directory Transport Version: 1.2\n"
)

// maxSmall bounds the version and the record, in bytes.
const maxSmall = 1 << 10

// layout is one folder of models.
type layout struct {
	name artifacts.Name
	dir  string // absolute
}

// layoutOf says where the layout of a name is, or would be.
func (s *Store) layoutOf(name artifacts.Name) layout {
	return layout{name: name, dir: filepath.Join(s.models, folderOf(name))}
}

// layoutNamed is layoutOf for the name of a model of ours.
func (s *Store) layoutNamed(name string) (layout, error) {
	n, err := artifacts.ParseName(name)
	if err != nil {
		return layout{}, err
	}
	return s.layoutOf(n), nil
}

func (l *layout) file(name string) string { return filepath.Join(l.dir, name) }

// blob returns where a blob is, as containers/image names it (directory/directory_transport.go, layerPath). Digests come
// from files that others write: one that is malformed could leave the folder.
func (l *layout) blob(d digest.Digest) (string, error) {
	if err := d.Validate(); err != nil {
		return "", fmt.Errorf("locating blob %q: %w", d, err)
	}
	return l.file(blobFile(d)), nil
}

func blobFile(d digest.Digest) string {
	if d.Algorithm() == digest.Canonical {
		return d.Encoded()
	}
	return d.Algorithm().String() + "-" + d.Encoded()
}

// version returns what the version file of a layout must say.
func version(blobs []atrest.Blob) string {
	if slices.ContainsFunc(blobs, func(b atrest.Blob) bool { return b.Digest.Algorithm() != digest.Canonical }) {
		return version12
	}
	return version11
}

// damage says what is wrong with the files of a layout, as far as their sizes tell; "" if nothing is.
func (l *layout) damage(blobs []atrest.Blob) (string, error) {
	var wrong []string
	text, err := atrest.ReadBounded(l.file(versionFile), maxSmall)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if string(text) != version(blobs) {
		wrong = append(wrong, "its version file is missing, or not that of a dir: layout")
	}
	for _, b := range blobs {
		path, err := l.blob(b.Digest)
		if err != nil {
			wrong = append(wrong, err.Error())
			continue
		}
		state, info, err := atrest.Stat(path, b.Size)
		switch {
		case err != nil:
			return "", fmt.Errorf("looking at blob %s: %w", b.Digest, err)
		case state == atrest.Missing:
			wrong = append(wrong, fmt.Sprintf("blob %s is missing", b.Digest))
		case state == atrest.WrongSize:
			wrong = append(wrong, fmt.Sprintf("blob %s has %d of %d bytes", b.Digest, info.Size(), b.Size))
		}
	}
	return strings.Join(wrong, "; "), nil
}
