// Package caches finds blobs that other tools on this machine have fetched already: in the caches of Hugging Face's
// libraries, of Ollama and of Docker Model Runner. All three keep a blob in a file that is named after its sha256.
//
// It looks at names and sizes only. Whoever uses a file must verify it, since any program of its owner may have changed it,
// and must not count on it to stay: a store shares its extents (reflink) or copies it. A hard link is right only where the
// owner is the one who links; then a later change in place would reach the store, but none of these tools makes one: each
// writes a temporary file and renames it.
//
// What is looked at: regular files that the caller may read. Folders may be symbolic links, as people move caches to other
// disks; the blobs themselves may not. Root, who may read everything, takes only files of its own from the folders that its
// environment names, which can be that of the user who ran sudo; and whatever is in Ollama's system-wide folder.
package caches

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/opencontainers/go-digest"
)

// Options says where caches are looked for. nil means the zero value, whose meaning each field states.
type Options struct {
	// Getenv reads the environment, as os.Getenv; nil: it is empty.
	Getenv func(string) string
	// Home is the user's home directory, absolute; "" if there is none: then only what the environment names, and what is
	// system-wide, is looked at.
	Home string
	// Root is put before the paths of system-wide folders; "" for the real ones.
	Root string
	// Logger receives why a cache or a file is not used; nil: nobody.
	Logger *slog.Logger
}

// Caches knows the caches of this machine. It is safe for concurrent use.
type Caches struct {
	folders func() []folder
	uid     int
	log     *slog.Logger
}

// folder holds blobs under prefix and the hex digits of their sha256.
type folder struct {
	dir, prefix string
	// shared says that root may use files of other users in it.
	shared bool
}

// Open names the caches. It touches nothing; the folders of the Hugging Face cache are listed once, by the first Find.
func Open(opts *Options) *Caches {
	if opts == nil {
		opts = &Options{}
	}
	c := &Caches{uid: os.Geteuid(), log: opts.Logger}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	p := &places{Options: *opts, log: c.log}
	if p.Getenv == nil {
		p.Getenv = func(string) string { return "" }
	}
	c.folders = sync.OnceValue(p.folders)
	return c
}

// Find returns the files that are named after the digest and have the size in bytes, best first; none for another digest
// than sha256. Their bytes are UNVERIFIED.
func (c *Caches) Find(d digest.Digest, size int64) []string {
	algorithm, hex, _ := strings.Cut(string(d), ":")
	if algorithm != digest.SHA256.String() || digest.SHA256.Validate(hex) != nil {
		return nil
	}
	var found []string
	for _, f := range c.folders() {
		if path := filepath.Join(f.dir, f.prefix+hex); c.usable(path, size, f.shared) {
			found = append(found, path)
		}
	}
	return found
}

// usable looks at one file. Whatever is wrong with it, the origin has the bytes too, so nothing here is an error.
func (c *Caches) usable(path string, size int64, shared bool) bool {
	info, err := os.Lstat(path)
	if err != nil {
		return false // nearly always because it is not there
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	why := ""
	switch {
	case !info.Mode().IsRegular():
		why = "it is no regular file"
	case info.Size() != size:
		why = "it has another size"
	case c.uid == 0 && !shared && (!known || owner.Uid != 0):
		why = "it belongs to another user"
	case syscall.Access(path, accessRead) != nil:
		why = "it may not be read"
	default:
		return true
	}
	c.log.Debug("not using a cached file", "path", path, "reason", why)
	return false
}

// accessRead is R_OK of access(2).
const accessRead = 4
