package podmanstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sys/unix"

	"github.com/paddock-dev/paddock/artifacts"
)

// uploadPrefix begins the names of the temporary files of containers/image (oci/layout/oci_dest.go, PutBlob).
const uploadPrefix = "oci-put-blob"

// storeFile is a file in the store, in a folder of it, or in the trash.
type storeFile struct {
	path    string
	name    string
	bytes   int64
	changed time.Time // ctime: a download can be old when it is linked into the store
	id      fileID
}

// dirFiles returns the regular files of a folder; none if there is no such folder.
func dirFiles(dir string) ([]storeFile, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var files []storeFile
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		path := filepath.Join(dir, e.Name())
		st, err := statFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, err
		}
		files = append(files, storeFile{
			path: path, name: e.Name(), bytes: int64(st.Size),
			changed: time.Unix(st.Ctime.Sec, int64(st.Ctime.Nsec)), id: idOf(st),
		})
	}
	return files, nil
}

func statFile(path string) (*unix.Statx_t, error) {
	var st unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BASIC_STATS, &st)
	if err != nil {
		return nil, &fs.PathError{Op: "statx", Path: path, Err: err}
	}
	return &st, nil
}

// blobFiles returns every file below blobs/, by digest algorithm.
func (s *Store) blobFiles() (map[string][]storeFile, error) {
	top := filepath.Join(s.root, "blobs")
	algorithms, err := os.ReadDir(top)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	all := map[string][]storeFile{}
	for _, a := range algorithms {
		if !a.IsDir() {
			continue
		}
		if all[a.Name()], err = dirFiles(filepath.Join(top, a.Name())); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// temps finds temporary files that nobody is writing. The store's lock is held, so that none of ours in the store is alive;
// Podman writes its own without the lock, too, and uploading says that it does so now.
func (l *look) temps() (findings []artifacts.Finding, uploading bool) {
	files := slices.Clone(l.top)
	for _, b := range l.blobs {
		files = append(files, b...)
	}
	for i := range files {
		f := &files[i]
		switch {
		case strings.HasPrefix(f.name, tempPrefix):
			findings = append(findings, f.finding(artifacts.FindingLeftover, "a temporary file of a process that was killed"))
		case !strings.HasPrefix(f.name, uploadPrefix):
		case l.open[f.id]:
			uploading = true
		case l.isOld(f):
			findings = append(findings, f.finding(artifacts.FindingDeadUpload, "a temporary file that no process has open"))
		}
	}
	for i := range l.trash {
		findings = append(findings, l.trash[i].finding(artifacts.FindingLeftover, "a removed blob that was not deleted"))
	}
	for i := range l.unpacked {
		f := l.unpacked[i].finding(artifacts.FindingLeftover, "files that a process was unpacking when it was killed")
		f.Action = "delete the folder"
		findings = append(findings, f)
	}
	return findings, uploading
}

// orphans returns the blobs that no entry needs, except young ones and those that a process has open.
func (l *look) orphans(used map[digest.Digest]int) []artifacts.Finding {
	var findings []artifacts.Finding
	for algorithm, files := range l.blobs {
		for i := range files {
			f := &files[i]
			d := digest.NewDigestFromEncoded(digest.Algorithm(algorithm), f.name)
			if d.Validate() != nil || used[d] > 0 || l.open[f.id] || !l.isOld(f) {
				continue
			}
			found := f.finding(artifacts.FindingOrphan, "no model uses it")
			found.Digest = d
			findings = append(findings, found)
		}
	}
	return findings
}
