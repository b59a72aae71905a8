package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// probeKey is a digest of all that an engine's answer depends on: the program, the user, variables of the environment and files or
// folders of the configuration.
func probeKey(program string, environ, variables, files []string) (string, error) {
	h := sha256.New()
	id, err := fileState(program)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(h, "%d %q %q\n", os.Geteuid(), program, id)
	for _, name := range variables {
		fmt.Fprintf(h, "%s %q\n", name, lookup(environ, name))
	}
	for _, path := range files {
		hashConfig(h, path, 2)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// probeVariables are the variables that move Podman's store, or Podman itself to another machine.
func probeVariables() []string {
	return []string{
		"HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "STORAGE_DRIVER", "STORAGE_OPTS",
		"CONTAINERS_CONF", "CONTAINERS_CONF_OVERRIDE", "CONTAINERS_STORAGE_CONF", "CONTAINERS_STORAGE_CONF_OVERRIDE",
		"CONTAINER_HOST", "CONTAINER_CONNECTION", "DOCKER_HOST",
	}
}

// configPaths are the files and folders that Podman 5 and 6 read for storage and for itself (containers-storage.conf(5),
// containers.conf(5); storage/pkg/configfile for the folders of 6), whether they are there or not. root is put before the system's.
func configPaths(environ []string, root string) []string {
	user := lookup(environ, "XDG_CONFIG_HOME")
	if user == "" {
		user = filepath.Join(lookup(environ, "HOME"), ".config")
	}
	var paths []string
	for _, dir := range []string{root + "/usr/share/containers", root + "/etc/containers", filepath.Join(user, "containers")} {
		for _, name := range []string{"storage", "containers"} {
			for _, ending := range []string{".conf", ".conf.d", ".rootless.conf.d", ".rootful.conf.d"} {
				paths = append(paths, filepath.Join(dir, name+ending))
			}
		}
		paths = append(paths, filepath.Join(dir, "podman-connections.json"))
	}
	for _, name := range probeVariables() {
		if path := lookup(environ, name); strings.HasPrefix(name, "CONTAINERS_") && path != "" {
			paths = append(paths, path)
		}
	}
	return paths
}

// hashConfig adds the state of a file, and of what is in a folder, down to depth levels (drop-ins by user are in a folder
// of their own). What is not there, or cannot be read by this user, is a state too: Podman cannot read it either.
func hashConfig(h hash.Hash, path string, depth int) {
	state, err := fileState(path)
	if err != nil {
		fmt.Fprintf(h, "%q: %v\n", path, err)
		return
	}
	fmt.Fprintf(h, "%q %q\n", path, state)
	entries, err := os.ReadDir(path)
	if errors.Is(err, syscall.ENOTDIR) || depth == 0 {
		return
	}
	if err != nil {
		fmt.Fprintf(h, "%q: %v\n", path, err)
	}
	for _, e := range entries {
		hashConfig(h, filepath.Join(path, e.Name()), depth-1)
	}
}

// fileState changes when the file does: size, time of change, and which file it is.
func fileState(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	id, err := identity(path)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %s %d %d", id, info.Mode(), info.Size(), info.ModTime().UnixNano()), nil
}

// identity tells one file from another at the same path.
func identity(path string) (string, error) {
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		return "", &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	return fmt.Sprintf("%d:%d", st.Dev, st.Ino), nil
}

// lookup returns the value of a variable; the last one counts, as for os/exec.
func lookup(environ []string, name string) string {
	for _, e := range slices.Backward(environ) {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			return v
		}
	}
	return ""
}
