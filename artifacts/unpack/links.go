package unpack

import (
	"archive/tar"
	"fmt"
	"path"

	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// maxHops is how many links may follow one another, as on Linux (path_resolution(7)).
const maxHops = 40

// link remembers a link. Its target is looked for when all entries are known.
func (a *archive) link(hdr *tar.Header) error {
	name, err := packaging.CleanPath(hdr.Name)
	if err != nil {
		return err
	}
	target := hdr.Linkname
	if hdr.Typeflag == tar.TypeSymlink && target != "" && !path.IsAbs(target) {
		// No link leads to a folder, so that ".." can be undone by the names alone.
		target = path.Join(path.Dir(name), target)
	}
	clean, err := packaging.CleanPath(target)
	if err != nil {
		return fmt.Errorf("linking to %.300q: %w", hdr.Linkname, err)
	}
	m := &member{name: name, target: clean}
	a.members = append(a.members, m)
	if a.links[name] == nil {
		a.links[name] = m
	}
	return nil
}

// resolve makes a file of a link: one with the content of the regular file that it leads to in the same archive.
func (a *archive) resolve(m *member) error {
	at := m.target
	for range maxHops {
		if file := a.regular[at]; file != nil {
			m.digest, m.size, m.head = file.digest, file.size, file.head
			return nil
		}
		next := a.links[at]
		if next == nil {
			return fmt.Errorf("entry %.300q: %w: it links to %.300q, which is no file of the archive", m.name, packaging.ErrUnsafePath, at)
		}
		at = next.target
	}
	return fmt.Errorf("entry %.300q: %w: its links lead nowhere", m.name, packaging.ErrUnsafePath)
}
