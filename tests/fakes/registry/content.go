package registry

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/opencontainers/go-digest"
)

// serveContentHost is the host that blobs are redirected to. It must never see credentials.
func (r *Registry) serveContentHost(w http.ResponseWriter, req *http.Request) {
	if auth := req.Header.Get("Authorization"); auth != "" {
		r.t.Errorf("content host: %s %s brings credentials of another host", req.Method, req.URL.Path)
	}
	r.record(Content, req)
	fault := r.fault(Content)
	if r.spoil(w, req, fault) {
		return
	}
	r.mu.Lock()
	data, ok := r.blobs[digest.Digest(strings.TrimPrefix(req.URL.Path, "/"))]
	signed := r.signatures[req.URL.Query().Get("X-Amz-Signature")]
	r.mu.Unlock()
	switch {
	case !signed:
		http.Error(w, "request has expired", http.StatusForbidden)
	case !ok:
		http.NotFound(w, req)
	default:
		r.sendContent(w, req, data, fault)
	}
}

// sendContent sends a blob or a part of it, as badly as the fault wants.
func (r *Registry) sendContent(w http.ResponseWriter, req *http.Request, data []byte, f *Fault) {
	status := http.StatusOK
	body := data
	if header := req.Header.Get("Range"); header != "" && !f.IgnoreRange {
		first, last, ok := parseRange(header, len(data))
		if !ok {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes */%d", len(data)))
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		}
		status, body = http.StatusPartialContent, data[first:last+1]
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, len(data)))
	}
	if f.ContentRange != "" {
		w.Header().Set("Content-Range", f.ContentRange)
	}
	if r.o.ETagChanges {
		w.Header().Set("ETag", fmt.Sprintf("%q", r.sign()))
	}
	w.Header().Set("Accept-Ranges", "bytes")
	if f.Gzip {
		w.Header().Set("Content-Encoding", "gzip")
		body = compress(body)
	}
	if f.LongBy == 0 {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(status)
	if req.Method == http.MethodHead {
		return
	}
	r.write(w, req, append(bytes.Clone(body), make([]byte, f.LongBy)...), f)
}

// write sends a body, or only its beginning.
func (r *Registry) write(w http.ResponseWriter, req *http.Request, body []byte, f *Fault) {
	control := http.NewResponseController(w)
	if f.StallAfter > 0 {
		body = body[:min(f.StallAfter, len(body))]
	}
	if f.LongBy > 0 {
		control.Flush() //nolint:errcheck // a client may hang up; sends the headers before the length is known
	}
	n, _ := w.Write(body[:max(len(body)-f.ShortBy, 0)]) // a client may hang up
	r.mu.Lock()
	r.bytesSent += int64(n)
	r.mu.Unlock()
	if f.StallAfter > 0 {
		control.Flush() //nolint:errcheck // likewise
		r.stall(req)
	}
}

// parseRange reads "bytes=first-last", the only form that clients are expected to send.
func parseRange(header string, size int) (first, last int, ok bool) {
	from, to, _ := strings.Cut(strings.TrimPrefix(header, "bytes="), "-")
	first, err := strconv.Atoi(from)
	if err != nil {
		return 0, 0, false
	}
	if last, err = strconv.Atoi(to); to == "" {
		last = size - 1
	} else if err != nil {
		return 0, 0, false
	}
	last = min(last, size-1)
	return first, last, first <= last
}

func compress(data []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(data) //nolint:errcheck // a buffer does not fail
	z.Close()     //nolint:errcheck // likewise
	return b.Bytes()
}
