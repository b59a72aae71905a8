package dirstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sys/unix"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// Usage adds up the store: see artifacts.Meter. A blob is counted once, however many names have it. Its Orphans are files
// in layouts that the manifest does not name.
func (s *Store) Usage(ctx context.Context, wait func(reason string)) (*artifacts.Usage, error) {
	lock, err := s.lock.Read(ctx, wait, atrest.Forever)
	if err != nil {
		return nil, fmt.Errorf("measuring %s: %w", s.root, err)
	}
	u, err := s.usage()
	lock.Release()
	if err != nil {
		return nil, fmt.Errorf("measuring %s: %w", s.root, err)
	}
	if u.Staging, err = atrest.StagingBytes(s.area); err != nil {
		return nil, fmt.Errorf("measuring %s: %w", s.StagingDir(), err)
	}
	return u, nil
}

func (s *Store) usage() (*artifacts.Usage, error) {
	records, err := s.records()
	if err != nil {
		return nil, err
	}
	t := &tally{files: map[fileID]*tallied{}}
	models := make([][]fileID, len(records))
	for i := range records {
		if models[i], err = t.add(&records[i]); err != nil {
			return nil, err
		}
	}
	u := &artifacts.Usage{}
	for _, f := range t.files {
		u.Blobs += f.bytes
		if len(f.users) == 0 {
			u.Orphans += f.bytes
		}
	}
	for i := range records {
		u.Models = append(u.Models, t.model(&records[i], models[i]))
	}
	slices.SortFunc(u.Models, func(a, b artifacts.ModelUsage) int { return cmp.Compare(a.Name, b.Name) })
	left, err := s.leftovers()
	for i := range left {
		u.Leftovers += left[i].Bytes
	}
	return u, err
}

// fileID identifies a file whatever names it has.
type fileID struct{ dev, inode uint64 }

// tally counts files once, and remembers which manifests need them.
type tally struct{ files map[fileID]*tallied }

type tallied struct {
	bytes int64
	users map[digest.Digest]bool
}

// add counts the manifest and the blobs of a layout, and returns those that its manifest needs.
func (t *tally) add(r *record) ([]fileID, error) {
	needed := map[string]bool{}
	if blobs, err := r.needs(); r.err == nil && err == nil {
		needed[manifestFile] = true
		for _, b := range blobs {
			if b.Digest.Validate() == nil {
				needed[blobFile(b.Digest)] = true
			}
		}
	}
	entries, err := os.ReadDir(r.layout.dir)
	if err != nil {
		return nil, err
	}
	var mine []fileID
	for _, e := range entries {
		if e.Name() == versionFile || e.Name() == recordFile || e.Name() == derivedFile || !e.Type().IsRegular() {
			continue
		}
		id, bytes, _, err := identify(r.layout.file(e.Name()))
		if err != nil {
			return nil, err
		}
		f := t.files[id]
		if f == nil {
			f = &tallied{bytes: bytes, users: map[digest.Digest]bool{}}
			t.files[id] = f
		}
		if needed[e.Name()] {
			f.users[r.digest] = true
			mine = append(mine, id)
		}
	}
	return mine, nil
}

func (t *tally) model(r *record, files []fileID) artifacts.ModelUsage {
	m := artifacts.ModelUsage{Name: r.layout.name.String(), Digest: r.digest}
	for _, id := range files {
		if f := t.files[id]; len(f.users) > 1 {
			m.Shared += f.bytes
		} else {
			m.Own += f.bytes
		}
	}
	return m
}

func identify(path string) (id fileID, bytes int64, links uint64, err error) {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return fileID{}, 0, 0, &fs.PathError{Op: "lstat", Path: path, Err: err}
	}
	return fileID{st.Dev, st.Ino}, st.Size, uint64(st.Nlink), nil
}

// freed is what deleting a file or a folder frees: files with other names elsewhere stay.
func freed(path string) (total int64, err error) {
	err = filepath.WalkDir(path, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			var bytes int64
			var links uint64
			if _, bytes, links, err = identify(path); links == 1 {
				total += bytes
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // just deleted
		}
		return err
	})
	return total, err
}
