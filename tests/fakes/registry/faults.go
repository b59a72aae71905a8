package registry

import "net/http"

// Where is a kind of request.
type Where string

// The kinds of requests.
const (
	Ping     Where = "ping"     // GET /v2/
	Token    Where = "token"    // /token
	Manifest Where = "manifest" // a manifest
	Blob     Where = "blob"     // a blob, at the registry itself
	Upload   Where = "upload"   // an upload
	Tags     Where = "tags"     // a list of tags
	Content  Where = "content"  // a blob, at the host that blobs are redirected to
)

// Fault is one way to break. It spoils requests of one kind; several of its fields may be set.
type Fault struct {
	Where Where
	// Skip is how many requests are let pass first, and Times how many are then spoiled; 0: all.
	Skip, Times int
	// Status is answered instead of the request; 0: it is served.
	Status int
	// Header is added to the answer (Retry-After, WWW-Authenticate, Location).
	Header http.Header
	// IgnoreRange answers a range with the whole.
	IgnoreRange bool
	// ContentRange replaces the header, and ShortBy leaves out so many bytes at the end without saying so.
	ContentRange string
	ShortBy      int
	// LongBy sends so many bytes more than asked for, in an answer of unknown length.
	LongBy int
	// Gzip compresses the content.
	Gzip bool
	// StallAfter sends so many bytes and then nothing, for as long as the client waits; 0: no stall. -1 stalls before the
	// headers.
	StallAfter int
	// TakeOnly keeps so many bytes of an upload's piece, and then breaks the connection; 0: takes all.
	TakeOnly int
	// Reset breaks the connection before anything is answered.
	Reset bool
}

// Break adds a fault. Of several that fit a request, the first one acts.
func (r *Registry) Break(f Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = append(r.faults, &f)
}

// Repair ends all faults.
func (r *Registry) Repair() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = nil
}

// fault returns what spoils the present request; never nil.
func (r *Registry) fault(w Where) *Fault {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, f := range r.faults {
		switch {
		case f.Where != w:
		case f.Skip > 0:
			f.Skip--
			return &Fault{}
		case f.Times == 1:
			r.faults = append(r.faults[:i:i], r.faults[i+1:]...)
			return f
		default:
			f.Times = max(f.Times-1, 0)
			return f
		}
	}
	return &Fault{}
}
