// Package modelscope is a strict fake of ModelScope: a request that the real site would not like, or a token where it must
// not be, fails the test.
package modelscope

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paddock-dev/paddock/tests/fakes/cdn"
)

// large is from which size on a file is at the CDN.
const large = 1000

// Options shape a Site; nil is the zero value: repositories may be read by everybody.
type Options struct {
	// Token is the one that is good; any other fails the test.
	Token string
	// PageSize is how many files are on a page of a list; 0: all.
	PageSize int
	// NoCommit leaves the commit out of lists, as the site does for some repositories.
	NoCommit bool
	// Listen opens a port for each of the site's hosts; nil: this machine's loopback.
	Listen func() net.Listener
}

// Repo is a repository, with one commit.
type Repo struct {
	ID string
	// Private needs the token.
	Private bool
	// Commit is what its branch master is at, Files what it has then.
	Commit string
	Files  map[string][]byte
}

// Site is a running fake. Its methods are safe for concurrent use.
type Site struct {
	// CDN is where large files are.
	CDN *cdn.CDN

	t    testing.TB
	o    Options
	main *httptest.Server

	mu       sync.Mutex
	repos    map[string]*Repo
	requests []string
	status   int
	code     int
}

// New starts a site that ends with the test.
func New(t testing.TB, o *Options) *Site {
	t.Helper()
	if o == nil {
		o = &Options{}
	}
	s := &Site{t: t, o: *o, repos: map[string]*Repo{}}
	s.CDN = cdn.New(t, o.Listen)
	s.main = cdn.Start(t, o.Listen, http.HandlerFunc(s.serve))
	return s
}

// URL is the site's address.
func (s *Site) URL() string { return s.main.URL }

// Put adds or replaces a repository.
func (s *Site) Put(r *Repo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.repos[r.ID] = r
}

// Break answers everything with a status, or lists with a code in a document of status 200; 0 for neither.
func (s *Site) Break(status, code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.code = status, code
}

// Requests are the paths and queries that the site itself was asked for since the last call.
func (s *Site) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.requests
	s.requests = nil
	return all
}

func (s *Site) serve(w http.ResponseWriter, req *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, req.URL.RequestURI())
	cookie := req.Header.Get("Cookie")
	if cookie != "" && (s.o.Token == "" || cookie != "m_session_id="+s.o.Token) || req.Header.Get("Authorization") != "" {
		s.t.Errorf("fake ModelScope: cookie %q, authorization %q", cookie, req.Header.Get("Authorization"))
	}
	if !strings.HasPrefix(req.UserAgent(), "paddock") || req.Method != http.MethodGet {
		s.t.Errorf("fake ModelScope: %s by %q", req.Method, req.UserAgent())
	}
	if s.status != 0 {
		w.WriteHeader(s.status)
		return
	}
	rest, ok := strings.CutPrefix(req.URL.Path, "/api/v1/models/")
	id, files := strings.CutSuffix(rest, "/repo/files")
	if !files {
		id, ok = strings.CutSuffix(rest, "/repo")
	}
	if !ok {
		s.t.Errorf("fake ModelScope: unknown page %s", req.URL)
	}
	r := s.repos[id]
	revision := req.URL.Query().Get("Revision")
	if r == nil || r.Private && cookie == "" || revision != "master" && revision != r.Commit {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"Code":10010205001,"Message":"not found","Success":false}`)
		return
	}
	if files {
		s.list(w, req, r)
		return
	}
	s.file(w, req, r, revision)
}

// list is a page of the list of files. Folders are in it, too.
func (s *Site) list(w http.ResponseWriter, req *http.Request, r *Repo) {
	q := req.URL.Query()
	if q.Get("Recursive") != "true" {
		s.t.Errorf("fake ModelScope: %s lists no folders", req.URL)
	}
	lines := []map[string]any{{"Path": "folder", "Name": "folder", "Type": "tree", "Size": 0, "Sha256": "", "CommittedDate": time.Now().UnixNano()}}
	var names []string
	for name := range r.Files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		sum := sha256.Sum256(r.Files[name])
		lines = append(lines, map[string]any{
			"Path": name, "Name": name[strings.LastIndex(name, "/")+1:], "Type": "blob", "Size": len(r.Files[name]),
			"Sha256": hex.EncodeToString(sum[:]), "Revision": r.Commit, "IsLFS": len(r.Files[name]) >= large,
		})
	}
	data := map[string]any{}
	from, to := 0, len(lines)
	if s.o.PageSize > 0 {
		page, err := strconv.Atoi("0" + q.Get("PageNumber"))
		if err != nil {
			s.t.Errorf("fake ModelScope: %s: %v", req.URL, err)
		}
		from = min(max(page-1, 0)*s.o.PageSize, len(lines))
		to = min(from+s.o.PageSize, len(lines))
		data["TotalCount"] = len(lines)
	}
	commit := r.Commit
	if s.o.NoCommit {
		commit = ""
	}
	data["Files"], data["LatestCommitter"] = lines[from:to], map[string]any{"Id": commit, "ShortId": r.Commit[:8]}
	code := 200
	if s.code != 0 {
		code, data = s.code, nil
	}
	if err := json.NewEncoder(w).Encode(map[string]any{"Code": code, "Message": "said so", "Success": s.code == 0, "Data": data}); err != nil {
		s.t.Errorf("fake ModelScope: %v", err)
	}
}

func (s *Site) file(w http.ResponseWriter, req *http.Request, r *Repo, revision string) {
	if !s.o.NoCommit && revision != r.Commit {
		s.t.Errorf("fake ModelScope: %s is not pinned to a commit", req.URL)
	}
	data, ok := r.Files[req.URL.Query().Get("FilePath")]
	switch {
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	case len(data) >= large:
		http.Redirect(w, req, s.CDN.Sign(data), http.StatusFound)
	default:
		http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(data))
	}
}
