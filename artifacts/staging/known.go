package staging

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
)

// knownSuffix is of the file that remembers what an identity proved to be: its digest and its size, on one line.
const knownSuffix = ".known"

// remember keeps what the bytes of an identity are. It is no harm if that is lost, or is gone after a crash: then they are
// read again.
func (p place) remember(f artifacts.Found) error {
	text := fmt.Sprintf("%s %d\n", f.Digest, f.Size)
	temp := p.file(knownSuffix + ".new")
	if err := os.WriteFile(temp, []byte(text), 0o600); err != nil {
		return fmt.Errorf("remembering %s: %w", f.Digest, err)
	}
	if err := os.Rename(temp, p.file(knownSuffix)); err != nil {
		return fmt.Errorf("remembering %s: %w", f.Digest, err)
	}
	return nil
}

// recall returns what is remembered; the zero Found if that is nothing, or not readable as what remember wrote.
func (p place) recall() (artifacts.Found, error) {
	text, err := os.ReadFile(p.file(knownSuffix))
	if errors.Is(err, fs.ErrNotExist) {
		return artifacts.Found{}, nil
	} else if err != nil {
		return artifacts.Found{}, fmt.Errorf("recalling a digest: %w", err)
	}
	var d string
	var f artifacts.Found
	if _, err := fmt.Sscanf(string(text), "%s %d\n", &d, &f.Size); err != nil || f.Size < 0 || checkDigest(digest.Digest(d)) != nil {
		return artifacts.Found{}, nil //nolint:nilerr // torn by a crash
	}
	f.Digest = digest.Digest(d)
	return f, nil
}

// maxKnown is how many identities an area remembers once it is pruned: each takes a block on disk.
const maxKnown = 1000

// forgetOldest drops what was remembered first, if it is more than most. What is remembered of models in the store saves reading
// them again, so that it stays, however old it is.
func (a *Area) forgetOldest(most int) error {
	files, err := os.ReadDir(a.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reading staging area: %w", err)
	}
	var known []fs.FileInfo
	for _, file := range files {
		if !strings.HasPrefix(file.Name(), pendingPrefix) || !strings.Contains(file.Name(), knownSuffix) {
			continue
		}
		info, err := file.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return fmt.Errorf("examining %s: %w", file.Name(), err)
		}
		known = append(known, info)
	}
	slices.SortFunc(known, func(x, y fs.FileInfo) int { return x.ModTime().Compare(y.ModTime()) })
	for _, info := range known[:max(len(known)-most, 0)] {
		if err := removeAll(filepath.Join(a.dir, info.Name())); err != nil {
			return fmt.Errorf("forgetting a digest: %w", err)
		}
	}
	return nil
}
