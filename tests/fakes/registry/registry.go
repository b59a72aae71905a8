package registry

import (
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/opencontainers/go-digest"
)

// Options shape a Registry; nil is the zero value: plain HTTP, everybody may read, blobs come from the registry itself.
type Options struct {
	// TLS serves HTTPS, with a certificate that only CA vouches for.
	TLS bool
	// Username and Password are wanted if Username is not "".
	Username, Password string
	// Tokens wants bearer tokens, given out at /token: to everybody, or for Username and Password, or for IdentityToken.
	Tokens bool
	// IdentityToken is an OAuth2 refresh token that is good for bearer tokens; "" for none.
	IdentityToken string
	// ExtraScope is wanted besides pulling from the repository, and named only in the answer to a request without it.
	ExtraScope string
	// Realm replaces the address of the token server in challenges.
	Realm string
	// Redirect sends readers of blobs to another server, with signed addresses.
	Redirect bool
	// SignedUntil is added to signed addresses as "Expires", in Unix seconds; "" for none.
	SignedUntil string
	// NoDigestHeader leaves out Docker-Content-Digest.
	NoDigestHeader bool
	// PlainErrors answers errors with a page instead of an error document.
	PlainErrors bool
	// ETagChanges sends another ETag with each answer.
	ETagChanges bool
	// Writable takes uploads. What is uploaded belongs to its repository; what tests put belongs to all.
	Writable bool
	// NoChunks refuses PATCH, NoLocation leaves Location out of what is created, and NoMounts begins an upload instead.
	NoChunks, NoLocation, NoMounts bool
	// MinChunk is the least that a chunk has, but for the last one.
	MinChunk int64
	// Listen opens a port for each of the registry's hosts, for one that is in another network; nil: this machine's loopback.
	Listen func() net.Listener
}

// Registry is a running fake. Its methods are safe for concurrent use.
type Registry struct {
	t       testing.TB
	o       Options
	main    *httptest.Server
	content *httptest.Server // nil without Redirect
	closing chan struct{}    // ends stalled answers

	mu         sync.Mutex
	blobs      map[digest.Digest][]byte
	manifests  map[string]manifest // by repository + "@" + digest, and repository + ":" + tag
	tokens     map[string]string   // scopes by token
	signatures map[string]bool     // that are still good
	faults     []*Fault
	requests   []Request
	uploads    map[string]*upload         // by id
	owners     map[digest.Digest][]string // repositories of a blob that was uploaded
	bytesSent  int64
	bytesTaken int64
	serial     int
}

type manifest struct {
	mediaType string
	raw       []byte
}

// New starts a registry that ends with the test.
func New(t testing.TB, o *Options) *Registry {
	t.Helper()
	if o == nil {
		o = &Options{}
	}
	r := &Registry{
		t: t, o: *o, closing: make(chan struct{}),
		blobs: map[digest.Digest][]byte{}, manifests: map[string]manifest{}, tokens: map[string]string{}, signatures: map[string]bool{},
		uploads: map[string]*upload{}, owners: map[digest.Digest][]string{},
	}
	r.main = r.start(http.HandlerFunc(r.serve))
	if o.Redirect {
		r.content = r.start(http.HandlerFunc(r.serveContentHost))
	}
	t.Cleanup(func() {
		close(r.closing)
		r.main.Close()
		if r.content != nil {
			r.content.Close()
		}
	})
	return r
}

func (r *Registry) start(h http.Handler) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	if r.o.Listen != nil {
		if err := s.Listener.Close(); err != nil {
			r.t.Errorf("registry: closing a port that is not wanted: %v", err)
		}
		s.Listener = r.o.Listen()
	}
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are what some tests are about
	if r.o.TLS {
		s.StartTLS()
	} else {
		s.Start()
	}
	return s
}

// Host returns the registry's host:port, as it appears in names.
func (r *Registry) Host() string { return r.main.Listener.Addr().String() }

// ContentHost returns the host:port that blobs are redirected to; "" without Redirect.
func (r *Registry) ContentHost() string {
	if r.content == nil {
		return ""
	}
	return r.content.Listener.Addr().String()
}

// Scheme returns "http" or "https".
func (r *Registry) Scheme() string {
	scheme, _, _ := strings.Cut(r.main.URL, "://")
	return scheme
}

// CA returns the certificate that vouches for a TLS registry, in PEM, for a certs.d folder.
func (r *Registry) CA() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.main.Certificate().Raw})
}
