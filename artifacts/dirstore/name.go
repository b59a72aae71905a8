package dirstore

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/paddock-dev/paddock/artifacts"
)

// folderOf returns the folder of a name below models, as REPOSITORY/TAG or REPOSITORY/DIGEST, each one path element:
//
//	quay.io/org/m:Q4_K_M              quay.io+org+m/Q4_K_M
//	localhost:5000/m@sha256:abc…      localhost~5000+m/sha256~abc…
//
// "+" stands for a slash and "~" for a colon, which no name has (containers/image, docker/reference/regexp.go), so that
// nameOf can undo it; everything else stands for itself. No element begins with a dot, or is longer than a folder's name
// may be (255 bytes): a repository ends there, too, a tag at 128. Case is kept: the file system must tell it apart, as those
// of Linux do.
func folderOf(name artifacts.Name) string {
	last := name.Tag()
	if last == "" {
		last = encode(name.Digest().String())
	}
	return filepath.Join(encode(name.Repository()), last)
}

func encode(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, "/", "+"), ":", "~") }

func decode(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, "+", "/"), "~", ":") }

// nameOf undoes folderOf. Whatever folderOf does not make is an error.
func nameOf(repository, last string) (artifacts.Name, error) {
	separator := ":"
	if strings.Contains(last, "~") {
		separator = "@"
	}
	name, err := artifacts.ParseName(decode(repository) + separator + decode(last))
	if err != nil {
		return artifacts.Name{}, fmt.Errorf("reading the folder %s/%s: %w", repository, last, err)
	}
	if folderOf(name) != repository+"/"+last {
		return artifacts.Name{}, fmt.Errorf("reading the folder %s/%s: it is not that of %s", repository, last, name)
	}
	return name, nil
}
