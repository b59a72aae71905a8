package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"time"

	"github.com/paddock-dev/paddock/artifacts/workload/podmanargs"
)

// PodmanInfo is what Podman says of itself (podman-info(1)).
type PodmanInfo struct {
	// Path is the program that was asked.
	Path    string
	Version podmanargs.Version
	// GraphRoot is where images and artifacts are: the answer of Podman's database, which overrides storage.conf.
	GraphRoot string
	RunRoot   string
	// GraphDriver is the storage driver: "overlay".
	GraphDriver string
	// GraphOptions are those of the driver, as "overlay.mountopt=nodev"; sorted.
	GraphOptions []string
	Rootless     bool
	// OCIRuntime is the name of the program that makes containers: "crun".
	OCIRuntime string
	// Remote says that the program talks to a service: GraphRoot and RunRoot are then on its machine, not on this one.
	Remote bool
	// Socket is the path of the API socket; "" if there is none.
	Socket string
	// Cached says that the answer is an earlier one. CacheError says why an answer could not be kept; that costs time only.
	Cached     bool  `json:"-"`
	CacheError error `json:"-"`
}

// ProbeOptions say how to ask an engine. nil means the zero value.
type ProbeOptions struct {
	// Path is the program; "" looks for the engine's own name in PATH.
	Path string
	// Environ is the environment that it is asked in, "NAME=VALUE"; nil is this process's own, and nothing is cached.
	Environ []string
	// CacheDir is the folder to keep the answer in, such as $XDG_RUNTIME_DIR; "" keeps none.
	CacheDir string
	// Timeout is how long it may take; 0 is 30 s.
	Timeout time.Duration

	root string // of the configuration files; "" is "/". For tests.
}

// ProbePodman asks Podman about itself, or reads the answer to the same question from the cache. The question is the same if the
// program, the user, the environment that Podman reads, and its configuration files are. A broken cache counts as none.
// If there is no Podman the error wraps ErrNoEngine.
func ProbePodman(ctx context.Context, opts *ProbeOptions) (*PodmanInfo, error) {
	if opts == nil {
		opts = &ProbeOptions{}
	}
	path, err := lookPath(opts.Path, "podman")
	if err != nil {
		return nil, err
	}
	c, err := newCache(opts, "podman", path, probeVariables(), configPaths(opts.Environ, opts.root))
	if err != nil {
		return nil, err
	}
	if info := loadPodman(c); info != nil {
		return info, nil
	}
	out, err := ask(ctx, []string{path, "info", "--format", "json"}, opts.Environ, opts.Timeout)
	if err != nil {
		return nil, err
	}
	info, err := parsePodmanInfo(out)
	if err != nil {
		return nil, fmt.Errorf("reading what %s says of itself: %w", path, err)
	}
	info.Path = path
	info.CacheError = savePodman(c, info)
	return info, nil
}

// lookPath finds a program; name is what it is called if path is "".
func lookPath(path, name string) (string, error) {
	if path == "" {
		path = name
	}
	found, err := exec.LookPath(path)
	if err != nil {
		return "", fmt.Errorf("%w: looking for %s: %w", ErrNoEngine, name, err)
	}
	return found, nil
}

// podmanInfo is the part of `podman info --format json` that is read (libpod/define/info.go).
type podmanInfo struct {
	Host struct {
		OCIRuntime struct {
			Name string `json:"name"`
		} `json:"ociRuntime"`
		RemoteSocket struct {
			Path   string `json:"path"`
			Exists bool   `json:"exists"`
		} `json:"remoteSocket"`
		ServiceIsRemote bool `json:"serviceIsRemote"`
		Security        struct {
			Rootless bool `json:"rootless"`
		} `json:"security"`
	} `json:"host"`
	Store struct {
		GraphRoot       string                     `json:"graphRoot"`
		RunRoot         string                     `json:"runRoot"`
		GraphDriverName string                     `json:"graphDriverName"`
		GraphOptions    map[string]json.RawMessage `json:"graphOptions"`
	} `json:"store"`
	Version struct {
		Version string `json:"Version"`
	} `json:"version"`
}

func parsePodmanInfo(out []byte) (*PodmanInfo, error) {
	var raw podmanInfo
	if err := json.Unmarshal(out, &raw); err != nil {
		return nil, fmt.Errorf("parsing JSON: %w", err)
	}
	v, err := podmanargs.ParseVersion(raw.Version.Version)
	if err != nil {
		return nil, err
	}
	if raw.Store.GraphRoot == "" {
		return nil, errors.New("it names no graphRoot")
	}
	info := &PodmanInfo{
		Version: v, GraphRoot: raw.Store.GraphRoot, RunRoot: raw.Store.RunRoot, GraphDriver: raw.Store.GraphDriverName,
		GraphOptions: graphOptions(raw.Store.GraphOptions), Rootless: raw.Host.Security.Rootless, OCIRuntime: raw.Host.OCIRuntime.Name, Remote: raw.Host.ServiceIsRemote,
	}
	if raw.Host.RemoteSocket.Exists {
		info.Socket = raw.Host.RemoteSocket.Path
	}
	return info, nil
}

// graphOptions writes the driver's options as storage.conf has them. Podman says more than the path of a program that mounts
// (libpod/info.go, storeInfo).
func graphOptions(raw map[string]json.RawMessage) []string {
	var options []string
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		var value string
		var program struct{ Executable string }
		switch {
		case json.Unmarshal(raw[key], &value) == nil:
			options = append(options, key+"="+value)
		case json.Unmarshal(raw[key], &program) == nil && program.Executable != "":
			options = append(options, key+"="+program.Executable)
		}
	}
	return options
}
