package staging

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/opencontainers/go-digest"
)

// Entry is one blob that lies in an area, whole or in part.
type Entry struct {
	// Digest is the blob's; of a pending file, whose digest nobody knows yet, "pending:" and a hash of its identity.
	Digest digest.Digest
	// Size is the blob's length, and Bytes how much of it is there for certain: less than what arrived while it is
	// being fetched, 0 if its journal cannot be believed.
	Bytes, Size int64
	// Allocated is what it takes on disk, in bytes: a part has its room reserved.
	Allocated int64
	// Complete says that it is whole and verified.
	Complete bool
	// InUse says that a Fetch or a Batch of some process holds it.
	InUse bool
	// Modified is when anything was last written to it.
	Modified time.Time
}

// Entries lists what lies in the area, by digest. Files that no area makes are not listed. An area that does not exist
// yet has no entries.
func (a *Area) Entries() ([]Entry, error) {
	places, err := a.places()
	if err != nil {
		return nil, err
	}
	var out []Entry
	for d, p := range places {
		e, there, err := p.entry(d)
		if err != nil {
			return nil, fmt.Errorf("examining staged %s: %w", d, err)
		}
		if there {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(x, y Entry) int { return cmp.Compare(x.Digest, y.Digest) })
	return out, nil
}

// places lists the blobs of which any file lies in the area.
func (a *Area) places() (map[digest.Digest]place, error) {
	files, err := os.ReadDir(a.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading staging area: %w", err)
	}
	out := make(map[digest.Digest]place)
	for _, file := range files {
		name, _, _ := strings.Cut(file.Name(), ".")
		if key := pendingNamed(name); key != "" {
			out[key] = a.place(key)
			continue
		}
		for _, algorithm := range []digest.Algorithm{digest.SHA256, digest.SHA512} {
			if algorithm.Validate(name) == nil {
				d := digest.NewDigestFromEncoded(algorithm, name)
				out[d] = a.place(d)
			}
		}
	}
	return out, nil
}

// entry describes what is there of a blob. A blob that has a lock file only is not there.
func (p place) entry(d digest.Digest) (e Entry, there bool, err error) {
	e.Digest = d
	for _, suffix := range []string{"", partSuffix, journalSuffix, journalNew, localSuffix} {
		info, err := os.Lstat(p.file(suffix))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return e, false, err
		}
		there = true
		e.add(suffix, info)
	}
	if !e.Complete {
		if j, err := readJournal(p.file(journalSuffix)); err == nil && j.Digest == d && j.Size == e.Size {
			e.Bytes = j.Ranges.total()
		}
	}
	e.InUse, err = held(p.lock())
	return e, there, err
}

func (e *Entry) add(suffix string, info fs.FileInfo) {
	if info.ModTime().After(e.Modified) {
		e.Modified = info.ModTime()
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		e.Allocated += st.Blocks * 512
	}
	switch {
	case suffix == "":
		e.Complete, e.Size, e.Bytes = true, info.Size(), info.Size()
	case suffix == partSuffix && !e.Complete:
		e.Size = info.Size()
	}
}
