package registry

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
)

// upload is a blob that is on its way.
type upload struct {
	repository string
	data       []byte
}

// ForgetUploads ends all uploads that were begun.
func (r *Registry) ForgetUploads() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.uploads)
}

// Blob returns a blob; nil if there is none.
func (r *Registry) Blob(d digest.Digest) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return bytes.Clone(r.blobs[d])
}

func (r *Registry) owns(repository string, d digest.Digest) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	owners, uploaded := r.owners[d]
	return !uploaded || slices.Contains(owners, repository)
}

func (r *Registry) serveUpload(w http.ResponseWriter, req *http.Request, repository, id string, f *Fault) {
	if req.Method == http.MethodPost {
		r.begin(w, req, repository)
		return
	}
	r.mu.Lock()
	u := r.uploads[id]
	r.mu.Unlock()
	if u == nil || u.repository != repository || req.URL.Query().Get("_state") != "secret-"+id {
		r.refuse(w, http.StatusNotFound, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
		return
	}
	switch req.Method {
	case http.MethodGet:
		r.answer(w, http.StatusNoContent, repository, id)
	case http.MethodPatch:
		if r.o.NoChunks {
			r.refuse(w, http.StatusMethodNotAllowed, "UNSUPPORTED", "one PUT, please")
			return
		}
		if r.take(w, req, u, f) {
			r.answer(w, http.StatusAccepted, repository, id)
		}
	case http.MethodPut:
		if r.take(w, req, u, f) {
			r.commit(w, req, u, id)
		}
	default:
		r.t.Errorf("registry: unexpected %s of an upload", req.Method)
	}
}

// begin begins an upload, or takes the blob from another repository.
func (r *Registry) begin(w http.ResponseWriter, req *http.Request, repository string) {
	d, from := digest.Digest(req.URL.Query().Get("mount")), req.URL.Query().Get("from")
	if from != "" && !r.o.NoMounts && r.Blob(d) != nil && r.owns(from, d) {
		r.mu.Lock()
		r.owners[d] = append(r.owners[d], repository)
		r.mu.Unlock()
		w.Header().Set("Location", "/v2/"+repository+"/blobs/"+d.String())
		w.WriteHeader(http.StatusCreated)
		return
	}
	r.mu.Lock()
	r.serial++
	id := fmt.Sprintf("upload-%d", r.serial)
	r.uploads[id] = &upload{repository: repository}
	r.mu.Unlock()
	r.answer(w, http.StatusAccepted, repository, id)
}

// answer says where an upload goes on, and how much of it is here.
func (r *Registry) answer(w http.ResponseWriter, status int, repository, id string) {
	r.mu.Lock()
	n := len(r.uploads[id].data)
	r.mu.Unlock()
	w.Header().Set("Location", "/v2/"+repository+"/blobs/uploads/"+id+"?_state=secret-"+id)
	w.Header().Set("Range", fmt.Sprintf("0-%d", max(n-1, 0)))
	if r.o.MinChunk > 0 {
		w.Header().Set("OCI-Chunk-Min-Length", fmt.Sprint(r.o.MinChunk))
	}
	w.WriteHeader(status)
}

// take adds a piece.
func (r *Registry) take(w http.ResponseWriter, req *http.Request, u *upload, f *Fault) bool {
	r.mu.Lock()
	have := len(u.data)
	r.mu.Unlock()
	var first, last int
	if span := req.Header.Get("Content-Range"); span != "" {
		if n, err := fmt.Sscanf(span, "%d-%d", &first, &last); n != 2 || err != nil || int64(last-first+1) != req.ContentLength {
			r.t.Errorf("registry: Content-Range %q for %d bytes", span, req.ContentLength)
		}
		if first != have {
			r.refuse(w, http.StatusRequestedRangeNotSatisfiable, "BLOB_UPLOAD_INVALID", "out of order")
			return false
		}
	}
	body := io.Reader(req.Body)
	if f.TakeOnly > 0 {
		body = io.LimitReader(body, int64(f.TakeOnly))
	}
	data, err := io.ReadAll(body)
	r.mu.Lock()
	u.data = append(u.data, data...)
	r.bytesTaken += int64(len(data))
	r.mu.Unlock()
	if f.TakeOnly > 0 {
		panic(http.ErrAbortHandler)
	}
	return err == nil
}

func (r *Registry) commit(w http.ResponseWriter, req *http.Request, u *upload, id string) {
	d := digest.Digest(req.URL.Query().Get("digest"))
	r.mu.Lock()
	good := d.Validate() == nil && d.Algorithm().FromBytes(u.data) == d
	if good {
		r.blobs[d] = u.data
		r.owners[d] = append(r.owners[d], u.repository)
	}
	delete(r.uploads, id)
	r.mu.Unlock()
	if !good {
		r.refuse(w, http.StatusBadRequest, "DIGEST_INVALID", "provided digest did not match uploaded content")
		return
	}
	if !r.o.NoLocation {
		w.Header().Set("Location", "/v2/"+u.repository+"/blobs/"+d.String())
	}
	w.WriteHeader(http.StatusCreated)
}

// takeManifest keeps a manifest all of whose blobs are here.
func (r *Registry) takeManifest(w http.ResponseWriter, req *http.Request, repository, last string) {
	raw, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	for d := range digestsOf(string(raw)) {
		if r.Blob(d) == nil || !r.owns(repository, d) {
			r.refuse(w, http.StatusBadRequest, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry: "+d.String())
			return
		}
	}
	d := digest.FromBytes(raw)
	if strings.Contains(last, ":") {
		if last != d.String() {
			r.refuse(w, http.StatusBadRequest, "DIGEST_INVALID", "the manifest is another")
			return
		}
		last = ""
	}
	r.PutManifest(repository, last, req.Header.Get("Content-Type"), raw)
	if !r.o.NoLocation {
		w.Header().Set("Location", "/v2/"+repository+"/manifests/"+d.String())
	}
	w.WriteHeader(http.StatusCreated)
}

// digestsOf finds what a manifest names.
func digestsOf(raw string) map[digest.Digest]bool {
	found := map[digest.Digest]bool{}
	for _, piece := range strings.Split(raw, `"digest":"`)[1:] {
		d, _, _ := strings.Cut(piece, `"`)
		found[digest.Digest(d)] = true
	}
	return found
}

// serveTags lists tags, two at a time.
func (r *Registry) serveTags(w http.ResponseWriter, req *http.Request, repository string) {
	r.mu.Lock()
	var tags []string
	for key := range r.manifests {
		if tag, ok := strings.CutPrefix(key, repository+":"); ok && !strings.Contains(tag, ":") {
			tags = append(tags, tag)
		}
	}
	r.mu.Unlock()
	if tags == nil {
		r.refuse(w, http.StatusNotFound, "NAME_UNKNOWN", "repository name not known to registry")
		return
	}
	slices.Sort(tags)
	after := req.URL.Query().Get("last")
	tags = slices.DeleteFunc(tags, func(t string) bool { return t <= after })
	if len(tags) > 2 {
		tags = tags[:2]
		w.Header().Set("Link", fmt.Sprintf(`</v2/%s/tags/list?last=%s&n=2>; rel="next"`, repository, tags[1]))
	}
	fmt.Fprintf(w, `{"name":%q,"tags":%s}`, repository, r.Marshal(tags))
}
