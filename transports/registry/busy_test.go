package registry_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paddock-dev/paddock/artifacts"
	fake "github.com/paddock-dev/paddock/tests/fakes/registry"
)

// A registry that wants to be left alone for as long as there is time for is waited for, which is said.
func TestBusyIsSaid(t *testing.T) {
	reg := fake.New(t, nil)
	reg.PutModel("org/m", "v1", data(100))
	var asked atomic.Bool // for the reason: until then there is no other answer
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if strings.Contains(req.URL.Path, "/manifests/") && !asked.Load() {
			asked.Store(req.Method == http.MethodHead)
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: reg.Host()}).ServeHTTP(w, req)
	}))
	defer front.Close()
	host := strings.TrimPrefix(front.URL, "http://")
	m := newMachine(t)
	verify := false
	var said []string
	m.o.TLSVerify, m.o.Stall = &verify, 6*time.Second
	m.o.Waiting = func(text string) { said = append(said, text) }
	m.resolve(host + "/org/m:v1")
	if len(said) != 1 || said[0] != host+" answers 429 Too Many Requests and asks to wait 1s: waiting" {
		t.Errorf("said %q", said)
	}
}

// A wait that there is no time for is not begun, also where it is a mirror that asks for it.
func TestBusyForTooLong(t *testing.T) {
	for _, where := range []fake.Where{fake.Ping, fake.Manifest} {
		primary, mirror := fake.New(t, nil), fake.New(t, nil)
		primary.PutModel("org/m", "v1", data(100))
		busy := fake.Fault{Where: where, Status: 429, Header: http.Header{"Retry-After": {"3600"}}}
		mirror.Break(busy)
		m := mirrored(t, primary, mirror)
		m.o.Stall = 3 * time.Second
		_, err := m.resolver().Resolve(t.Context(), "primary.example/org/m:v1")
		var temporary *artifacts.TemporaryError
		if !errors.As(err, &temporary) || temporary.RetryAfter != time.Hour || !strings.Contains(err.Error(), mirror.Host()) {
			t.Errorf("%s: %v", where, err)
		}
	}
}
