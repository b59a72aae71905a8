package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// DockerInfo is what Docker says of itself.
type DockerInfo struct {
	// Path is the program that was asked.
	Path string
	// Version is the server's: "28.5.2".
	Version string
	// Client is the program's own version.
	Client string
	// Host is the address of the server: "unix:///var/run/docker.sock"; "" if the program does not say.
	Host string
}

// MountsImages says whether a folder of an image can be mounted, which both the server and the program must know: Docker 28 and
// later (docker run --mount type=image,image-subpath=).
func (i *DockerInfo) MountsImages() bool {
	for _, v := range []string{i.Version, i.Client} {
		major, _, _ := strings.Cut(v, ".")
		if n, err := strconv.Atoi(major); err != nil || n < 28 {
			return false
		}
	}
	return true
}

// ProbeDocker asks Docker for its version. It fails if the server does not answer, with an error that wraps ErrNoEngine if there is no
// such program. Podman's stand-in for docker is refused: it is Podman. The program is not started if it has been asked the same
// question, and the server answers on its socket.
func ProbeDocker(ctx context.Context, opts *ProbeOptions) (*DockerInfo, error) {
	if opts == nil {
		opts = &ProbeOptions{}
	}
	path, err := lookPath(opts.Path, "docker")
	if err != nil {
		return nil, err
	}
	c, err := newCache(opts, "docker", path, dockerVariables(), dockerConfig(opts.Environ))
	if err != nil {
		return nil, err
	}
	if known := load[DockerInfo](c); known != nil {
		if version, err := serverVersion(ctx, known.Info.Host); err == nil {
			known.Info.Version = version
			return &known.Info, nil
		}
	}
	info, err := askDocker(ctx, path, opts)
	if err != nil {
		return nil, err
	}
	_ = save(c, &entry[DockerInfo]{Info: *info}) // costs time only
	return info, nil
}

// askDocker starts the program.
func askDocker(ctx context.Context, path string, opts *ProbeOptions) (*DockerInfo, error) {
	out, err := ask(ctx, []string{path, "version", "--format", "{{json .}}"}, opts.Environ, opts.Timeout)
	if err != nil {
		return nil, err
	}
	var raw struct {
		Client *struct{ Version, Context string }
		Server *struct{ Version string }
	}
	if err := json.Unmarshal(out, &raw); err != nil {
		return nil, fmt.Errorf("reading the version that %s says: %w", path, err)
	}
	if raw.Server == nil || raw.Server.Version == "" {
		return nil, fmt.Errorf("reading the version that %s says: %w", path, errors.New("it names no server; is it Podman's stand-in for docker?"))
	}
	info := &DockerInfo{Path: path, Version: raw.Server.Version}
	inUse := ""
	if raw.Client != nil {
		info.Client, inUse = raw.Client.Version, raw.Client.Context
	}
	info.Host, err = dockerHost(ctx, path, inUse, opts.Environ, opts.Timeout)
	return info, err
}

// dockerHost returns the address of the server in a context. That of the default one takes no second start of the program, which is
// most of the time that the first takes.
func dockerHost(ctx context.Context, path, inUse string, environ []string, limit time.Duration) (string, error) {
	moved := environ == nil // the default one may be elsewhere (docker/cli, opts.ParseHost)
	for _, variable := range []string{"DOCKER_HOST", "DOCKER_TLS", "DOCKER_TLS_VERIFY"} {
		moved = moved || lookup(environ, variable) != ""
	}
	if inUse == "default" && !moved {
		return "unix:///var/run/docker.sock", nil
	}
	host, err := ask(ctx, []string{path, "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"}, environ, limit)
	return strings.TrimSpace(string(host)), err
}

// HasCDI says whether Docker gives containers CDI devices without being told to: since 28.2 (its release notes).
func (d *DockerInfo) HasCDI() bool {
	major, rest, _ := strings.Cut(d.Version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	m, err := strconv.Atoi(major)
	n, minorErr := strconv.Atoi(minor)
	return err == nil && minorErr == nil && (m > 28 || m == 28 && n >= 2)
}

// HasStartInterval says whether Docker can look at a container that starts at another pace than at one that runs: since 25.0 (its
// release notes).
func (d *DockerInfo) HasStartInterval() bool {
	major, _, _ := strings.Cut(d.Version, ".")
	m, err := strconv.Atoi(major)
	return err == nil && m >= 25
}
