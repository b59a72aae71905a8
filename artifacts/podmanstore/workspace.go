package podmanstore

import (
	"path/filepath"

	"github.com/paddock-dev/paddock/artifacts/derive"
)

// unpackDir is where archives are unpacked: see derive.Workspace.
func (s *Store) unpackDir() string { return filepath.Join(s.work.staging, "unpack") }

// leftWorkspaces finds the folders that nobody unpacks in any more.
func (s *Store) leftWorkspaces() ([]storeFile, error) {
	paths, err := derive.Unused(s.unpackDir())
	if err != nil {
		return nil, err
	}
	var left []storeFile
	for _, path := range paths {
		files, err := dirFiles(path)
		if err != nil {
			return nil, err
		}
		f := storeFile{path: path}
		for _, part := range files {
			f.bytes += part.bytes
		}
		left = append(left, f)
	}
	return left, nil
}

// takeAway moves a file or folder that is a finding to the trash; false if it is a workspace that came to be used.
func (s *Store) takeAway(path string) (bool, error) {
	if filepath.Dir(path) != s.unpackDir() {
		return true, s.moveToTrash(path)
	}
	return derive.WhileUnused(path, func() error { return s.moveToTrash(path) })
}
