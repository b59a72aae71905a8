package proxy

import "net/http"

// Request is what a client asks for.
type Request struct {
	// Path and Query are those of the URL, and Header what the client sent.
	Path   string
	Query  string
	Header http.Header
	// Blob says that it is a GET of a blob, and N is how many of those there were since the last Reset, with this one.
	Blob bool
	N    int
	// Ranged says that a part is asked for: the bytes From up to, and not including, To.
	Ranged   bool
	From, To int64
}

// Has says whether the byte at an offset is asked for.
func (r *Request) Has(offset int64) bool {
	return !r.Ranged || r.From <= offset && offset < r.To
}

// Fault is one way to break an answer; several of its fields may be set. The zero Fault breaks nothing.
type Fault struct {
	// Status is answered instead of the registry's answer, without a body; 0: the registry is asked.
	Status int
	// Header replaces fields of the answer's header (Retry-After, Location, Content-Range, ETag).
	Header http.Header
	// IgnoreRange answers a range with the whole.
	IgnoreRange bool
	// Gzip compresses the body, and says so.
	Gzip bool
	// Flip changes the byte at this offset of the blob; 0: none.
	Flip int64
	// Cut breaks the connection, and Stall sends nothing more for as long as the client waits, when After bytes of the body
	// have been sent.
	Cut, Stall bool
	After      int64
}

// breaks says whether the body does not come to its end.
func (f *Fault) breaks() bool { return f.Cut || f.Stall }
