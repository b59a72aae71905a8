//go:build e2e

package e2e

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// request is one request to a real registry, as its log has it.
type request struct {
	method, path  string
	status, bytes int
}

// during returns what paddock asked a registry while f ran, in order.
func (r Registry) during(t testing.TB, f func()) []request {
	t.Helper()
	before := len(r.requests(t))
	f()
	return r.requests(t)[before:]
}

// requests are all that paddock ever asked.
func (r Registry) requests(t testing.TB) []request {
	t.Helper()
	line := regexp.MustCompile(`(?m)^\S+ - \S+ \[[^]]*\] "(\S+) (\S+) [^"]*" (\d+) (\d+) "[^"]*" "paddock/[^"]*"$`)
	var all []request
	for _, m := range line.FindAllStringSubmatch(Lab{}.MustRun(t, "cat", "/run/lab-registry/"+r.port+"/log"), -1) {
		status, statusErr := strconv.Atoi(m[3])
		size, sizeErr := strconv.Atoi(m[4])
		if statusErr != nil || sizeErr != nil {
			t.Fatalf("the log of registry %s has the line %q", r.Addr, m[0])
		}
		all = append(all, request{m[1], m[2], status, size})
	}
	return all
}

// blobs are the digests of the blobs among the requests that were served, each once.
func blobs(all []request) map[string]bool {
	found := map[string]bool{}
	for _, r := range all {
		if _, digest, ok := strings.Cut(r.path, "/blobs/"); ok && r.method == "GET" && r.status < 300 {
			found[digest] = true
		}
	}
	return found
}
