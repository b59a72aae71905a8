package registry

import "net/http"

// Request is a request that was received.
type Request struct {
	Where  Where
	Method string
	Path   string
	// Range and Authorization are the headers' values.
	Range, Authorization string
	UserAgent            string
}

// Requests returns what was received since the start or Forget, in order.
func (r *Registry) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Request(nil), r.requests...)
}

// Count returns how many requests of the kinds were received; of all kinds if none is given.
func (r *Registry) Count(kinds ...Where) int {
	n := 0
	for _, req := range r.Requests() {
		match := len(kinds) == 0
		for _, k := range kinds {
			match = match || req.Where == k
		}
		if match {
			n++
		}
	}
	return n
}

// BytesSent returns how many bytes of blobs were sent.
func (r *Registry) BytesSent() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bytesSent
}

// BytesTaken returns how many bytes of blobs were uploaded.
func (r *Registry) BytesTaken() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bytesTaken
}

// Forget empties the record of requests and bytes.
func (r *Registry) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests, r.bytesSent, r.bytesTaken = nil, 0, 0
}

func (r *Registry) record(w Where, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, Request{
		Where: w, Method: req.Method, Path: req.URL.Path, Range: req.Header.Get("Range"),
		Authorization: req.Header.Get("Authorization"), UserAgent: req.UserAgent(),
	})
}
