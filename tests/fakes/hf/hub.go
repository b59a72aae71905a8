// Package hf is a strict fake of Hugging Face: a request that the real site would not like, or a token where it must not
// be, fails the test. The facts are those of huggingface_hub and of answers of the real site.
package hf

import (
	"crypto/sha1" //nolint:gosec // git's choice
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/paddock-dev/paddock/tests/fakes/cdn"
)

// Options shape a Hub; nil is the zero value: repositories may be read by everybody.
type Options struct {
	// Token is the one that is good; "" if none is. Another one, or any if none is good, is refused, and fails the test unless
	// BadToken is set.
	Token    string
	BadToken bool
	// PageSize is how many files are on a page of a list; 0: 1000, as at the site.
	PageSize int
	// Listen opens a port for each of the hub's hosts, for one that is in another network; nil: this machine's loopback.
	Listen func() net.Listener
}

// Repo is a repository.
type Repo struct {
	ID string
	// License and Base are what its card says. Gated needs a token to read files, Private to see anything. Refused says that
	// even the good token may not read.
	License, Base           string
	Gated, Private, Refused bool

	commits map[string]map[string]File // files by commit
	refs    map[string]string          // commits by branch or tag
}

// File is one file of a commit.
type File struct {
	Data []byte
	// LFS says that it is kept apart, as all that is large or binary.
	LFS bool
}

// Hub is a running fake. Its methods are safe for concurrent use.
type Hub struct {
	// CDN is where LFS files are.
	CDN *cdn.CDN

	t    testing.TB
	o    Options
	main *httptest.Server

	mu        sync.Mutex
	repos     map[string]*Repo // by ID
	faults    []*Fault
	requests  []string
	downloads int
}

// Fault spoils answers of the hub itself.
type Fault struct {
	// Prefix is what the path of a request begins with; "": any.
	Prefix string
	// Status is sent, with RetryAfter and X-Error-Code if they are not "".
	Status           int
	RetryAfter, Code string
	// Spoil changes the first byte of a small file; Cut ends the connection in the middle of it.
	Spoil, Cut bool
	// Silent sends nothing until the client gives up.
	Silent bool
	// Times is how many answers are spoilt; 0: all.
	Times int
}

// New starts a hub that ends with the test.
func New(t testing.TB, o *Options) *Hub {
	t.Helper()
	if o == nil {
		o = &Options{}
	}
	h := &Hub{t: t, o: *o, repos: map[string]*Repo{}}
	if h.o.PageSize == 0 {
		h.o.PageSize = 1000
	}
	h.CDN = cdn.New(t, o.Listen)
	h.main = cdn.Start(t, o.Listen, h.handler())
	return h
}

// URL is the HF_ENDPOINT.
func (h *Hub) URL() string { return h.main.URL }

// Put adds a repository, with its first commit on branch main, and returns the commit.
func (h *Hub) Put(r *Repo, files map[string]File) string {
	h.mu.Lock()
	r.commits, r.refs = map[string]map[string]File{}, map[string]string{}
	h.repos[r.ID] = r
	h.mu.Unlock()
	return h.Commit(r.ID, "main", files)
}

// Commit moves a branch, or sets a tag, to a commit of these files, and returns it.
func (h *Hub) Commit(id, ref string, files map[string]File) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.repos[id]
	sum := sha1.Sum(fmt.Append(nil, id, ref, len(r.commits))) //nolint:gosec // see above
	commit := hex.EncodeToString(sum[:])
	r.commits[commit] = files
	r.refs[ref] = commit
	return commit
}

// Break adds a fault; the first that fits is taken.
func (h *Hub) Break(f Fault) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults = append(h.faults, &f)
}

// Mend takes all faults away.
func (h *Hub) Mend() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults = nil
}

// Requests are the method and path of what the hub itself was asked since Forget.
func (h *Hub) Requests() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.requests...)
}

// Forget clears Requests.
func (h *Hub) Forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests = nil
}

// find returns a repository by its ID in any case of letters.
func (h *Hub) find(id string) *Repo {
	for _, r := range h.repos {
		if strings.EqualFold(r.ID, id) {
			return r
		}
	}
	return nil
}

// resolve returns the commit of a revision; "" if there is none.
func (r *Repo) resolve(revision string) string {
	if r.commits[revision] != nil {
		return revision
	}
	return r.refs[revision]
}

// oid is the name of the git object, which for LFS is that of a pointer.
func (f File) oid() string {
	data := f.Data
	if f.LFS {
		data = fmt.Appendf(nil, "version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n", f.sha256(), len(f.Data))
	}
	h := sha1.New() //nolint:gosec // see above
	fmt.Fprintf(h, "blob %d\x00", len(data))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

func (f File) sha256() string {
	sum := sha256.Sum256(f.Data)
	return hex.EncodeToString(sum[:])
}
