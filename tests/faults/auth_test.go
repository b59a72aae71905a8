//go:build faults

package faults

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/paddock-dev/paddock/tests/faults/proxy"
)

// tokenLife is after how many blob requests a token ends: more than there are connections, so that a new one lasts until
// whoever asked for it has used it.
const tokenLife = 12

// tokens is a token server whose tokens end while a pull runs.
type tokens struct {
	t    *testing.T
	mu   sync.Mutex
	made int
	used int // of the present one
}

func (k *tokens) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if user, password, ok := r.BasicAuth(); !ok || user != "me" || password != "secret" {
		k.t.Errorf("the token server was asked by %q, %q", user, password)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.made, k.used = k.made+1, 0
	if err := json.NewEncoder(w).Encode(map[string]any{"token": k.current(), "expires_in": 300}); err != nil {
		k.t.Error(err)
	}
}

func (k *tokens) current() string { return fmt.Sprintf("token-%d", k.made) }

// admit refuses a request that has not the present token.
func (k *tokens) admit(realm string) func(*proxy.Request) *proxy.Fault {
	return func(q *proxy.Request) *proxy.Fault {
		k.mu.Lock()
		defer k.mu.Unlock()
		if q.Header.Get("Authorization") == "Bearer "+k.current() && k.used < tokenLife {
			if q.Blob {
				k.used++
			}
			return nil
		}
		return &proxy.Fault{Status: http.StatusUnauthorized, Header: header("WWW-Authenticate", fmt.Sprintf(`Bearer realm=%q,service="lab"`, realm))}
	}
}

// tokenExpires: a token that ends in the middle of a pull is renewed, without a word.
func tokenExpires(t *testing.T, w *world) {
	k := &tokens{t: t}
	server := httptest.NewServer(k)
	defer server.Close()
	s := newSite(t, steady)
	s.Spoil(k.admit(server.URL))
	s.lands(t, w.main, "--creds=me:secret")
	if k.made < 3 {
		t.Errorf("%d tokens were made: none expired", k.made)
	}
	if again := s.Count().Again; again != 0 {
		t.Errorf("%d bytes were sent again", again)
	}
	s.recovers(t, w.main)
}

// credentialsMissing: a registry that suddenly wants a password ends the pull with the status for that.
func credentialsMissing(t *testing.T, w *world) {
	s := newSite(t, 0)
	s.Spoil(func(q *proxy.Request) *proxy.Fault {
		if q.N < 4 {
			return nil
		}
		return &proxy.Fault{Status: http.StatusUnauthorized, Header: header("WWW-Authenticate", `Basic realm="lab"`)}
	})
	s.fails(t, s.pull(t, w.main), 4, "401 Unauthorized", "paddock login")
	s.recovers(t, w.main)
}

// redirect: blobs lie at another host, under addresses that end while the pull runs. The registry's password stays at home.
func redirect(t *testing.T, w *world) {
	elsewhere := newProxy(t, &proxy.Options{Target: registryAddr, Listen: "127.0.0.2:0", Rate: steady})
	var mu sync.Mutex
	signed, used := 0, map[string]int{}
	elsewhere.Spoil(func(q *proxy.Request) *proxy.Fault {
		mu.Lock()
		defer mu.Unlock()
		for name := range q.Header {
			if strings.EqualFold(name, "Authorization") || strings.EqualFold(name, "Cookie") {
				t.Errorf("the other host was sent %s: %s", name, q.Header.Get(name))
			}
		}
		if used[q.Query]++; used[q.Query] > tokenLife {
			return &proxy.Fault{Status: http.StatusForbidden}
		}
		return nil
	})
	s := newSite(t, 0)
	s.Spoil(func(q *proxy.Request) *proxy.Fault {
		mu.Lock()
		defer mu.Unlock()
		if q.Header.Get("Authorization") == "" {
			return &proxy.Fault{Status: http.StatusUnauthorized, Header: header("WWW-Authenticate", `Basic realm="lab"`)}
		}
		if !q.Blob {
			return nil
		}
		signed++
		to := url.URL{Scheme: "http", Host: elsewhere.Addr(), Path: q.Path, RawQuery: fmt.Sprintf("signature=%d", signed)}
		return &proxy.Fault{Status: http.StatusTemporaryRedirect, Header: header("Location", to.String())}
	})
	s.lands(t, w.main, "--creds=me:secret")
	if got := elsewhere.Count(); got.BlobBytes < w.main.size || got.Again > 0 {
		t.Errorf("the other host sent %+v", got)
	}
	if signed < 2 {
		t.Errorf("%d addresses were asked for: none ended", signed)
	}
	s.recovers(t, w.main)
}
