package registry

import (
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sys/unix"
)

// sessionAge is after how long registries have dropped an upload that nobody went on with: a week is their usual limit.
const sessionAge = 7 * 24 * time.Hour

// session is an upload that a registry has begun, and a file that outlives the process. The file is locked while it is used;
// where it cannot be had, the upload is done without one. A nil session is none.
type session struct {
	location *url.URL // nil if there is no upload
	file     *os.File // nil without a file
	log      *slog.Logger
}

// newSession is a session whose upload has just been begun. dir may be "".
func newSession(dir, repository string, d digest.Digest, log *slog.Logger) *session {
	s := &session{log: log}
	if dir == "" {
		return s
	}
	if err := s.lock(dir, repository, d); err != nil {
		log.Debug("this upload cannot be gone on with by another process", "blob", d, "error", err)
	}
	return s
}

// resumeSession is newSession with the upload that the file remembers, if it does.
func resumeSession(dir, repository string, d digest.Digest, log *slog.Logger) *session {
	s := newSession(dir, repository, d, log)
	if s.file == nil {
		return s
	}
	info, err := s.file.Stat()
	if err != nil || info.Size() == 0 || time.Since(info.ModTime()) > sessionAge {
		return s
	}
	var saved struct{ Location string }
	if err := json.NewDecoder(s.file).Decode(&saved); err != nil {
		return s // torn: begun anew
	}
	if at, err := url.Parse(saved.Location); err == nil && at.Host != "" {
		s.location = at
	}
	return s
}

// lock opens the file of an upload, whose name tells nothing and which nobody else may read: the address in it is a right to
// write.
func (s *session) lock(dir, repository string, d digest.Digest) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	name := digest.FromString(repository+"@"+d.String()).Encoded() + ".json"
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return errors.Join(err, f.Close())
	}
	s.file = f
	return nil
}

// move notes where the upload goes on.
func (s *session) move(to *url.URL) {
	s.location = to
	s.save()
}

// save writes the file. An upload that cannot be remembered is an upload nevertheless.
func (s *session) save() {
	if s.file == nil || s.location == nil {
		return
	}
	raw, err := json.Marshal(map[string]string{"location": s.location.String()})
	if err == nil {
		err = s.file.Truncate(0)
	}
	if err == nil {
		_, err = s.file.WriteAt(raw, 0)
	}
	if err != nil {
		s.log.Debug("writing down an upload failed", "error", err)
	}
}

// forget begins anew.
func (s *session) forget() {
	if s == nil {
		return
	}
	s.location = nil
	if s.file == nil {
		return
	}
	if err := s.file.Truncate(0); err != nil {
		s.log.Debug("forgetting an upload failed", "error", err)
	}
}

// end removes the file of a complete upload.
func (s *session) end() {
	if s == nil || s.file == nil {
		return
	}
	if err := os.Remove(s.file.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.log.Debug("removing the file of an upload failed", "error", err)
	}
}

// release lets others use the file; the lock ends with it.
func (s *session) release() {
	if s != nil && s.file != nil {
		_ = s.file.Close() // nothing is buffered
	}
}
