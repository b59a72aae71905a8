package engine

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestProbeDockerAgain shows when the docker program is started: once, and then only if what its answer depends on has changed or the
// server does not answer. The server's version is always what it says now.
func TestProbeDockerAgain(t *testing.T) {
	dir := t.TempDir()
	socket, log := filepath.Join(dir, "docker.sock"), filepath.Join(dir, "calls")
	path := writeProgram(t, "docker", `echo "$1" >>`+log+`
		[ "$1" = version ] || exec echo unix://`+socket+`
		echo '{"Client":{"Version":"28.1.0","Context":"mine"},"Server":{"Version":"28.0.0"}}'`)
	opts := &ProbeOptions{Path: path, CacheDir: dir, Environ: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}}
	said := ""
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method != http.MethodGet || req.URL.Path != "/version" {
			t.Errorf("docker was asked %s %s", req.Method, req.URL)
		}
		fmt.Fprint(w, said)
	})}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	for _, step := range []struct {
		what, says, want string
		change           func()
		started          int
	}{
		{what: "the first time", says: `{"Version":"28.0.1"}`, want: "28.0.0", started: 2},
		{what: "again", says: `{"Version":"28.0.1"}`, want: "28.0.1"},
		{what: "a newer server", says: `{"Version":"29.0.0"}`, want: "29.0.0"},
		{what: "a server that says nothing", says: `{}`, want: "28.0.0", started: 2},
		{what: "another program", says: `{"Version":"29.0.0"}`, want: "28.0.0", started: 2, change: func() { appendTo(t, path, "# newer\n") }},
		{what: "another context", says: `{"Version":"29.0.0"}`, want: "28.0.0", started: 2, change: func() {
			if err := os.MkdirAll(filepath.Join(dir, ".docker"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, ".docker", "config.json"), []byte(`{"currentContext":"mine"}`), 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		{what: "another host", says: `{"Version":"29.0.0"}`, want: "28.0.0", started: 2, change: func() { opts.Environ = append(opts.Environ, "DOCKER_HOST=unix://"+socket) }},
		{what: "no server", want: "28.0.0", started: 2, change: func() { server.Close() }},
	} {
		_ = os.Remove(log)
		if step.change != nil {
			step.change()
		}
		said = step.says
		info, err := ProbeDocker(t.Context(), opts)
		calls, _ := os.ReadFile(log)
		if err != nil || info.Version != step.want || info.Client != "28.1.0" || info.Host != "unix://"+socket || info.Path != path || strings.Count(string(calls), "\n") != step.started {
			t.Errorf("%s: got %+v, %v; started: %q", step.what, info, err, calls)
		}
	}
}
