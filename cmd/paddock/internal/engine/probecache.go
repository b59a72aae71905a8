package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"go.podman.io/storage/pkg/ioutils"
)

// cache keeps one answer of Podman's in a file. The zero cache keeps none.
type cache struct {
	file string
	key  string
}

// entry is the content of the file.
type entry struct {
	// Key is what the answer depends on, see probeKey.
	Key string
	// Store identifies the folder GraphRoot: `podman system reset` makes a new one, perhaps elsewhere, and touches no
	// configuration.
	Store string
	Info  PodmanInfo
}

func newCache(opts *ProbeOptions, podman string) (*cache, error) {
	if opts.CacheDir == "" || opts.Environ == nil {
		return &cache{}, nil
	}
	key, err := probeKey(podman, opts.Environ, opts.root)
	if err != nil {
		return nil, fmt.Errorf("finding out what podman's answer depends on: %w", err)
	}
	name := "podman-" + strconv.Itoa(os.Geteuid()) + ".json"
	return &cache{file: filepath.Join(opts.CacheDir, "paddock", name), key: key}, nil
}

// load returns the answer, or nil if there is none that holds. Why there is none does not matter: Podman is asked again.
func (c *cache) load() *PodmanInfo {
	if c.file == "" {
		return nil
	}
	data, err := os.ReadFile(c.file)
	if err != nil {
		return nil
	}
	var e entry
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if d.Decode(&e) != nil || e.Key != c.key || e.Info.GraphRoot == "" {
		return nil
	}
	store, err := identity(e.Info.GraphRoot)
	if err != nil || store != e.Store {
		return nil
	}
	e.Info.Cached = true
	return &e.Info
}

// save keeps the answer, unless it is of another machine or its store is not there yet.
func (c *cache) save(info *PodmanInfo) error {
	if c.file == "" || info.Remote {
		return nil
	}
	store, err := identity(info.GraphRoot)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("keeping podman's answer: %w", err)
	}
	data, err := json.Marshal(entry{Key: c.key, Store: store, Info: *info})
	if err != nil {
		return fmt.Errorf("keeping podman's answer: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(c.file), 0o700); err != nil {
		return fmt.Errorf("keeping podman's answer: %w", err)
	}
	// not synced: a lost cache is a cache miss
	if err := ioutils.AtomicWriteFileWithOpts(c.file, data, 0o600, &ioutils.AtomicFileWriterOptions{NoSync: true}); err != nil {
		return fmt.Errorf("keeping podman's answer: %w", err)
	}
	return nil
}
