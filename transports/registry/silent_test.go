package registry_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestSilentRegistry: a registry that takes a request for a manifest and never answers is given up.
func TestSilentRegistry(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/manifests/") {
			<-r.Context().Done()
		}
	}))
	defer server.Close()
	m := newMachine(t)
	verify := false
	m.o.TLSVerify, m.o.Stall = &verify, 100*time.Millisecond
	name := strings.TrimPrefix(server.URL, "http://") + "/org/m:1"
	if _, err := m.resolver().Resolve(t.Context(), name); err == nil || !strings.Contains(err.Error(), "did not answer within") || !strings.Contains(err.Error(), name) {
		t.Errorf("got %v", err)
	}
}
