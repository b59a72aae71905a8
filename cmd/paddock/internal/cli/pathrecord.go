package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/opencontainers/go-digest"
	"go.podman.io/storage/pkg/ioutils"
	"golang.org/x/sys/unix"

	"github.com/paddock-dev/paddock/artifacts"
)

// pathRecord is what is remembered of a path that a model was pulled from. The model does not say it: paths mean nothing on other
// machines. If the record is lost, the files are read again.
type pathRecord struct {
	Path string `json:"path"`
	// Models are the digests of the models that came from there, the newest last.
	Models []digest.Digest `json:"models"`
	// Files are those of the newest, by where they were.
	Files map[string]recordedFile `json:"files"`
}

// recordedFile is what a file was, and how it looked then.
type recordedFile struct {
	Digest digest.Digest `json:"digest"`
	fileLook
	// Recorded is when, in nanoseconds since 1970: a file that was written to just before may have been so again, in one tick of the clock.
	Recorded int64 `json:"recorded"`
}

// fileLook tells one state of a file from others without reading it.
type fileLook struct {
	Device   uint64 `json:"device"`
	Inode    uint64 `json:"inode"`
	Size     int64  `json:"size"`     // bytes
	Modified int64  `json:"modified"` // in nanoseconds since 1970, as is
	Changed  int64  `json:"changed"`  // which no program can set
}

// maxPathModels is how many models are remembered of one path.
const maxPathModels = 100

func lookAt(path string) (fileLook, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return fileLook{}, fmt.Errorf("looking at %s: %w", path, err)
	}
	return fileLook{Device: st.Dev, Inode: st.Ino, Size: st.Size, Modified: st.Mtim.Nano(), Changed: st.Ctim.Nano()}, nil
}

// written says whether a file was written to since it looked so.
func (l fileLook) written(now fileLook) bool {
	l.Changed, now.Changed = 0, 0 // also a second name changes that
	return l != now
}

// certain says whether a file that looks so now is what it was recorded as.
func (f *recordedFile) certain(now fileLook) bool {
	return f.fileLook == now && f.Recorded-now.Changed > int64(time.Second)
}

// pathsDir is where paths are remembered; "" if the user has no place for it.
func (e *Env) pathsDir() string {
	if uploads := e.uploadsDir(); uploads != "" {
		return filepath.Join(filepath.Dir(uploads), "paths")
	}
	return ""
}

// recordOf returns what is remembered of a path; an empty record if nothing is.
func (e *Env) recordOf(path string) *pathRecord {
	r := &pathRecord{}
	if dir := e.pathsDir(); dir != "" {
		r = readRecord(recordFile(dir, path))
	}
	if r.Path != path {
		return &pathRecord{Path: path}
	}
	return r
}

// readRecord reads a record; one that is torn, or gone, is empty.
func readRecord(file string) *pathRecord {
	r := &pathRecord{}
	data, err := os.ReadFile(file)
	if err != nil || json.Unmarshal(data, r) != nil {
		return &pathRecord{}
	}
	return r
}

// recorded returns the record of which a model came last; nil if none is remembered.
func (e *Env) recorded(model digest.Digest) (last *pathRecord) {
	dir := e.pathsDir()
	if dir == "" {
		return nil
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, f := range files {
		if r := readRecord(filepath.Join(dir, f.Name())); r.has(model) && (last == nil || !last.isNewest(model)) {
			last = r
		}
	}
	return last
}

func (r *pathRecord) has(model digest.Digest) bool { return slices.Contains(r.Models, model) }

func (r *pathRecord) isNewest(model digest.Digest) bool {
	return len(r.Models) > 0 && r.Models[len(r.Models)-1] == model
}

// recordPath remembers that a model came from a path. before is how its files looked when they had not been read yet.
func (e *Env) recordPath(path string, model *artifacts.Model, files []artifacts.Pending, before map[string]fileLook) error {
	r := e.recordOf(path)
	r.Models = append(slices.DeleteFunc(r.Models, func(d digest.Digest) bool { return d == model.Digest }), model.Digest)
	r.Models = r.Models[max(len(r.Models)-maxPathModels, 0):]
	r.Files = map[string]recordedFile{}
	for _, f := range files {
		i := slices.IndexFunc(model.Packaging.Files, func(stored artifacts.File) bool { return stored.Path == f.Name })
		now, err := lookAt(f.Path)
		if i < 0 || err != nil || before[f.Path].written(now) {
			continue // it is read again when it matters
		}
		r.Files[f.Path] = recordedFile{Digest: model.Packaging.Files[i].Digest, fileLook: now, Recorded: time.Now().UnixNano()}
	}
	return e.writeRecord(r)
}

func (e *Env) writeRecord(r *pathRecord) error {
	dir := e.pathsDir()
	if dir == "" {
		return nil
	}
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	// not synced: what is lost is read again
	return ioutils.AtomicWriteFileWithOpts(recordFile(dir, r.Path), data, 0o600, &ioutils.AtomicFileWriterOptions{NoSync: true})
}

// recordFile is the file of a path's record.
func recordFile(dir, path string) string {
	return filepath.Join(dir, digest.FromString(path).Encoded()+".json")
}
