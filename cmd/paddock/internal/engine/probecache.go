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

// cache keeps one answer of an engine's in a file. The zero cache keeps none.
type cache struct {
	file string
	key  string
}

// entry is the content of the file.
type entry[T any] struct {
	// Key is what the answer depends on, see probeKey.
	Key string
	// Store identifies the folder GraphRoot of Podman's answer: `podman system reset` makes a new one, perhaps elsewhere, and
	// touches no configuration.
	Store string
	Info  T
}

// newCache is that of a program, whose configuration is in files.
func newCache(opts *ProbeOptions, name, program string, variables, files []string) (*cache, error) {
	if opts.CacheDir == "" || opts.Environ == nil {
		return &cache{}, nil
	}
	key, err := probeKey(program, opts.Environ, variables, files)
	if err != nil {
		return nil, fmt.Errorf("finding out what %s's answer depends on: %w", name, err)
	}
	return &cache{file: filepath.Join(opts.CacheDir, "paddock", name+"-"+strconv.Itoa(os.Geteuid())+".json"), key: key}, nil
}

// load returns the answer, or nil if there is none that holds. Why there is none does not matter: the engine is asked again.
func load[T any](c *cache) *entry[T] {
	if c.file == "" {
		return nil
	}
	data, err := os.ReadFile(c.file)
	if err != nil {
		return nil
	}
	var e entry[T]
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if d.Decode(&e) != nil || e.Key != c.key {
		return nil
	}
	return &e
}

// save keeps an answer.
func save[T any](c *cache, e *entry[T]) error {
	if c.file == "" {
		return nil
	}
	e.Key = c.key
	data, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("keeping an engine's answer: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(c.file), 0o700); err != nil {
		return fmt.Errorf("keeping an engine's answer: %w", err)
	}
	// not synced: a lost cache is a cache miss
	if err := ioutils.AtomicWriteFileWithOpts(c.file, data, 0o600, &ioutils.AtomicFileWriterOptions{NoSync: true}); err != nil {
		return fmt.Errorf("keeping an engine's answer: %w", err)
	}
	return nil
}

// loadPodman returns Podman's answer, or nil if there is none that holds.
func loadPodman(c *cache) *PodmanInfo {
	e := load[PodmanInfo](c)
	if e == nil || e.Info.GraphRoot == "" {
		return nil
	}
	store, err := identity(e.Info.GraphRoot)
	if err != nil || store != e.Store {
		return nil
	}
	e.Info.Cached = true
	return &e.Info
}

// savePodman keeps the answer, unless it is of another machine or its store is not there yet.
func savePodman(c *cache, info *PodmanInfo) error {
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
	return save(c, &entry[PodmanInfo]{Store: store, Info: *info})
}
