package registry

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/opencontainers/go-digest"
)

// serve is the registry's own host.
func (r *Registry) serve(w http.ResponseWriter, req *http.Request) {
	where, repository, last := route(req.URL.Path)
	reading := req.Method == http.MethodGet || req.Method == http.MethodHead || where == Token
	if where == "" || !reading && !(r.o.Writable && (where == Upload || where == Manifest && req.Method == http.MethodPut)) {
		r.t.Errorf("registry: unexpected %s %s", req.Method, req.URL.Path)
		w.WriteHeader(http.StatusTeapot)
		return
	}
	r.record(where, req)
	fault := r.fault(where)
	if r.spoil(w, req, fault) {
		return
	}
	if where != Token && !r.authorized(w, req, repository) {
		return
	}
	switch where {
	case Ping:
		w.WriteHeader(http.StatusOK)
	case Token:
		r.serveToken(w, req)
	case Manifest:
		if req.Method == http.MethodPut {
			r.takeManifest(w, req, repository, last)
			return
		}
		r.serveManifest(w, req, repository, last)
	case Tags:
		r.serveTags(w, req, repository)
	case Upload:
		r.serveUpload(w, req, repository, last, fault)
	case Blob:
		if !r.owns(repository, digest.Digest(last)) {
			r.refuse(w, http.StatusNotFound, "BLOB_UNKNOWN", "blob unknown to registry")
			return
		}
		r.serveBlob(w, req, digest.Digest(last), fault)
	}
}

// route tells what a path asks for.
func route(path string) (where Where, repository, last string) {
	switch path {
	case "/v2/":
		return Ping, "", ""
	case "/token":
		return Token, "", ""
	}
	rest, ok := strings.CutPrefix(path, "/v2/")
	if !ok {
		return "", "", ""
	}
	if repository, last, ok := strings.Cut(rest, "/blobs/uploads/"); ok && !strings.Contains(last, "/") {
		return Upload, repository, last
	}
	if repository, ok := strings.CutSuffix(rest, "/tags/list"); ok {
		return Tags, repository, ""
	}
	for _, kind := range []Where{Manifest, Blob} {
		if repository, last, ok := strings.Cut(rest, "/"+string(kind)+"s/"); ok && !strings.Contains(last, "/") {
			return kind, repository, last
		}
	}
	return "", "", ""
}

// spoil does what a fault says before a request is looked at.
func (r *Registry) spoil(w http.ResponseWriter, req *http.Request, f *Fault) bool {
	for name, values := range f.Header {
		w.Header()[name] = values
	}
	switch {
	case f.Reset:
		panic(http.ErrAbortHandler)
	case f.StallAfter < 0:
		r.stall(req)
		return true
	case f.Status != 0:
		r.refuse(w, f.Status, "UNKNOWN", "spoiled by the test")
		return true
	}
	return false
}

// stall waits until the client gives up.
func (r *Registry) stall(req *http.Request) {
	select {
	case <-req.Context().Done():
	case <-r.closing:
	}
}

// refuse answers with an error document of the distribution-spec.
func (r *Registry) refuse(w http.ResponseWriter, status int, code, message string) {
	if r.o.PlainErrors {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<html>%d</html>", status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	doc := map[string]any{"errors": []map[string]string{{"code": code, "message": message}}}
	if err := json.NewEncoder(w).Encode(doc); err != nil {
		r.t.Errorf("registry: %v", err)
	}
}

func (r *Registry) serveManifest(w http.ResponseWriter, req *http.Request, repository, last string) {
	key := repository + ":" + last
	if strings.Contains(last, ":") {
		key = repository + "@" + last
	}
	r.mu.Lock()
	m, ok := r.manifests[key]
	r.mu.Unlock()
	if !ok {
		r.refuse(w, http.StatusNotFound, "MANIFEST_UNKNOWN", "manifest unknown")
		return
	}
	w.Header().Set("Content-Type", m.mediaType)
	if !r.o.NoDigestHeader {
		w.Header().Set("Docker-Content-Digest", digest.FromBytes(m.raw).String())
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(m.raw)))
	if req.Method == http.MethodGet {
		w.Write(m.raw) //nolint:errcheck // a client may hang up
	}
}

func (r *Registry) serveBlob(w http.ResponseWriter, req *http.Request, d digest.Digest, f *Fault) {
	r.mu.Lock()
	data, ok := r.blobs[d]
	r.mu.Unlock()
	if !ok {
		r.refuse(w, http.StatusNotFound, "BLOB_UNKNOWN", "blob unknown to registry")
		return
	}
	if !r.o.Redirect {
		r.sendContent(w, req, data, f)
		return
	}
	query := url.Values{"X-Amz-Signature": {r.sign()}}
	if r.o.SignedUntil != "" {
		query.Set("Expires", r.o.SignedUntil)
	}
	w.Header().Set("Location", r.content.URL+"/"+d.String()+"?"+query.Encode())
	w.WriteHeader(http.StatusTemporaryRedirect)
}
