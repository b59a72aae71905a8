package ollama

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

const (
	manifestType = "application/vnd.docker.distribution.manifest.v2+json"
	layerPrefix  = "application/vnd.ollama.image."
)

// Options shape a Registry; nil is the zero value: plain HTTP on this machine's loopback.
type Options struct {
	// TLS serves HTTPS, with a certificate that only CA vouches for.
	TLS bool
	// Listen opens a port for each of the two hosts; nil: this machine's loopback.
	Listen func() net.Listener
	// Pause is how long each write of a blob's bytes takes, for a client that is to be interrupted; 0: no time.
	Pause time.Duration
	// Spoil, if not nil, may answer a request to either host itself; it then returns true.
	Spoil func(w http.ResponseWriter, req *http.Request) bool
}

// Registry is a running fake. Its methods are safe for concurrent use.
type Registry struct {
	t         testing.TB
	o         Options
	main, cdn *httptest.Server

	mu        sync.Mutex
	manifests map[string][]byte // by NAMESPACE/NAME:TAG
	blobs     map[digest.Digest][]byte
	sent      int64
}

// Layer is one layer to be published.
type Layer struct {
	// Kind is its media type without the prefix: "model", "params".
	Kind string
	// Name is the descriptor's name field, which only the tensor form has.
	Name string
	Data []byte
}

// New starts a registry that ends with the test.
func New(t testing.TB, o *Options) *Registry {
	t.Helper()
	r := &Registry{t: t, manifests: map[string][]byte{}, blobs: map[digest.Digest][]byte{}}
	if o != nil {
		r.o = *o
	}
	r.main, r.cdn = r.start(r.serve), r.start(r.serveCDN)
	t.Cleanup(r.main.Close)
	t.Cleanup(r.cdn.Close)
	return r
}

func (r *Registry) start(h http.HandlerFunc) *httptest.Server {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.check(req)
		if r.o.Spoil == nil || !r.o.Spoil(w, req) {
			h(w, req)
		}
	}))
	if r.o.Listen != nil {
		_ = s.Listener.Close()
		s.Listener = r.o.Listen()
	}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	if r.o.TLS {
		s.StartTLS()
	} else {
		s.Start()
	}
	return s
}

// Host returns the registry's host:port, as it appears in references.
func (r *Registry) Host() string { return r.main.Listener.Addr().String() }

// CA returns the certificate that vouches for both hosts, in PEM; for TLS only.
func (r *Registry) CA() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.main.Certificate().Raw})
}

// Publish puts a model under NAMESPACE/NAME:TAG.
func (r *Registry) Publish(name, config string, layers ...Layer) {
	r.t.Helper()
	type descriptor struct {
		ocispec.Descriptor
		Name string `json:"name,omitempty"`
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	put := func(mediaType, name string, data []byte) descriptor {
		d := digest.FromBytes(data)
		r.blobs[d] = data
		return descriptor{ocispec.Descriptor{MediaType: mediaType, Digest: d, Size: int64(len(data))}, name}
	}
	doc := map[string]any{
		"schemaVersion": 2, "mediaType": manifestType,
		"config": put("application/vnd.docker.container.image.v1+json", "", []byte(config)),
	}
	var list []descriptor
	for _, l := range layers {
		list = append(list, put(layerPrefix+l.Kind, l.Name, l.Data))
	}
	doc["layers"] = list
	raw, err := json.Marshal(doc)
	if err != nil {
		r.t.Fatal(err)
	}
	r.manifests[name] = raw
}

// Corrupt makes the CDN send other bytes of the same length for a content.
func (r *Registry) Corrupt(data []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.blobs[digest.FromBytes(data)] = make([]byte, len(data))
}

// Sent returns how many bytes of blobs were sent.
func (r *Registry) Sent() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sent
}

// check fails the test on what no client may send.
func (r *Registry) check(req *http.Request) {
	if req.Header.Get("Authorization") != "" || req.Header.Get("Cookie") != "" {
		r.t.Errorf("ollama: %s %s has credentials", req.Method, req.URL.Path)
	}
	if !strings.HasPrefix(req.UserAgent(), "paddock") {
		r.t.Errorf("ollama: %s %s comes from %q", req.Method, req.URL.Path, req.UserAgent())
	}
	if req.Header.Get("Accept-Encoding") != "identity" {
		r.t.Errorf("ollama: %s %s wants encoding %q", req.Method, req.URL.Path, req.Header.Get("Accept-Encoding"))
	}
}

func (r *Registry) serve(w http.ResponseWriter, req *http.Request) {
	rest, ok := strings.CutPrefix(req.URL.Path, "/v2/")
	r.mu.Lock()
	defer r.mu.Unlock()
	if name, tag, is := strings.Cut(rest, "/manifests/"); ok && is {
		raw, there := r.manifests[name+":"+tag]
		if req.Header.Get("Accept") != manifestType {
			r.t.Errorf("ollama: a manifest is accepted as %q", req.Header.Get("Accept"))
		}
		if !there {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}`)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8") // as seen of registry.ollama.ai
		_, _ = w.Write(raw)
		return
	}
	if _, d, is := strings.Cut(rest, "/blobs/"); ok && is {
		if _, there := r.blobs[digest.Digest(d)]; !there {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Location", r.cdn.URL+"/"+d+"?signature=secret")
		w.WriteHeader(http.StatusTemporaryRedirect)
		return
	}
	r.t.Errorf("ollama: unexpected %s %s", req.Method, req.URL.Path)
	w.WriteHeader(http.StatusNotFound)
}

func (r *Registry) serveCDN(w http.ResponseWriter, req *http.Request) {
	if req.URL.Query().Get("signature") != "secret" {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	r.mu.Lock()
	data := r.blobs[digest.Digest(strings.TrimPrefix(req.URL.Path, "/"))]
	r.mu.Unlock()
	http.ServeContent(&counting{w, r}, req, "", time.Time{}, bytes.NewReader(data))
}
