package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"
)

// dockerVariables are the variables that say which server the docker program talks to, and how (docker(1)).
func dockerVariables() []string {
	return []string{"HOME", "DOCKER_CONFIG", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_API_VERSION"}
}

// dockerConfig are the file and the folder in which the program finds its contexts, whether they are there or not.
func dockerConfig(environ []string) []string {
	dir := lookup(environ, "DOCKER_CONFIG")
	if dir == "" {
		dir = filepath.Join(lookup(environ, "HOME"), ".docker")
	}
	return []string{filepath.Join(dir, "config.json"), filepath.Join(dir, "contexts", "meta")}
}

// serverVersion asks the server at a host for its version, which must be a socket of this machine (Engine API, GET /version, which all
// versions of the API have).
func serverVersion(ctx context.Context, host string) (string, error) {
	path, here := strings.CutPrefix(host, "unix://")
	if !here {
		return "", fmt.Errorf("asking docker at %s: %w", host, errors.ErrUnsupported)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second) // then the program is asked, which says what is wrong
	defer cancel()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker/version", nil)
	if err != nil {
		return "", fmt.Errorf("asking docker at %s: %w", host, err)
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return "", fmt.Errorf("asking docker at %s: %w", host, err)
	}
	defer resp.Body.Close()
	var said struct{ Version string }
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&said); err != nil {
		return "", fmt.Errorf("asking docker at %s: %w", host, err)
	}
	if resp.StatusCode != http.StatusOK || said.Version == "" {
		return "", fmt.Errorf("asking docker at %s: %s, and no version", host, resp.Status)
	}
	return said.Version, nil
}
