package url

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/staging"
	"github.com/paddock-dev/paddock/transports/source"
)

// web is a server that fails the test on what a real one would not like.
type web struct {
	t      *testing.T
	data   []byte
	change func(w http.ResponseWriter, req *http.Request) bool // true: answered

	mu       sync.Mutex
	requests int
	ranges   int
}

func (s *web) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	s.mu.Lock()
	s.requests++
	if req.Header.Get("Range") != "" {
		s.ranges++
	}
	s.mu.Unlock()
	if got := req.Header.Get("Accept-Encoding"); got != "identity" {
		s.t.Errorf("Accept-Encoding %q", got)
	}
	if s.change != nil && s.change(w, req) {
		return
	}
	w.Header().Set("ETag", `"one"`)
	http.ServeContent(w, req, "m.gguf", time.Time{}, bytes.NewReader(s.data))
}

func gguf(n int) []byte {
	return append([]byte("GGUF"), bytes.Repeat([]byte("0123456789abcdef"), n/16)...)
}

// start starts a server, and returns a resolver that trusts it, and its address.
func start(t *testing.T, h http.Handler, tls bool) (*Resolver, string) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	if tls {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	certs := t.TempDir()
	if tls {
		ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
		if err := os.WriteFile(filepath.Join(certs, "ca.crt"), ca, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	o := &Options{Web: source.WebOptions{Trust: &source.Trust{CertDir: certs}, Wait: func(context.Context, time.Duration) error { return nil }}, System: policy(t, `{"default":[{"type":"insecureAcceptAnything"}]}`)}
	return New(o), s.URL
}

func policy(t *testing.T, text string) *types.SystemContext {
	t.Helper()
	file := filepath.Join(t.TempDir(), "policy.json")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return &types.SystemContext{SignaturePolicyPath: file}
}

// land reads what is pending, as a store does, and completes the plan.
func land(t *testing.T, area *staging.Area, plan *artifacts.Plan) (*artifacts.Plan, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if len(plan.Pending) > 0 {
		batch, found, err := area.Identify(ctx, plan.Pending, nil)
		if err != nil {
			return nil, err
		}
		defer batch.Close()
		if plan, err = plan.Complete(found); err != nil {
			return nil, err
		}
	}
	batch, err := area.Fetch(ctx, plan.Blobs, nil)
	if err != nil {
		return nil, err
	}
	return plan, batch.Close()
}

func TestPull(t *testing.T) {
	data := gguf(9 << 20)
	sum := digest.FromBytes(data)
	for name, c := range map[string]struct {
		tls    bool
		suffix string
		change func(http.ResponseWriter, *http.Request) bool
		ranged bool
	}{
		"tls and ranges": {tls: true, ranged: true},
		"plain":          {ranged: true},
		"digest":         {suffix: "#sha256=" + strings.ToUpper(sum.Encoded()), ranged: true},
		"query":          {suffix: "?token=secret", ranged: true},
		"no ranges": {change: func(w http.ResponseWriter, req *http.Request) bool {
			req.Header.Del("Range")
			return false
		}},
		"no validator": {change: func(w http.ResponseWriter, req *http.Request) bool {
			http.ServeContent(w, req, "m.gguf", time.Time{}, bytes.NewReader(data))
			return true
		}},
		"weak validator": {change: func(w http.ResponseWriter, req *http.Request) bool {
			w.Header().Set("ETag", `W/"one"`)
			http.ServeContent(w, req, "m.gguf", time.Now(), bytes.NewReader(data))
			return true
		}},
		"old file": {ranged: true, change: func(w http.ResponseWriter, req *http.Request) bool {
			http.ServeContent(w, req, "m.gguf", time.Now().Add(-time.Hour), bytes.NewReader(data))
			return true
		}},
		"no size": {change: func(w http.ResponseWriter, _ *http.Request) bool {
			w.(http.Flusher).Flush() // chunked
			_, _ = w.Write(data)
			return true
		}},
		"digest, no size": {suffix: "#sha256=" + sum.Encoded(), change: func(w http.ResponseWriter, _ *http.Request) bool {
			w.(http.Flusher).Flush()
			_, _ = w.Write(data)
			return true
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &web{t: t, data: data, change: c.change}
			r, at := start(t, s, c.tls)
			plan, err := r.Resolve(t.Context(), at+"/Dir/M.gguf"+c.suffix)
			if err != nil {
				t.Fatal(err)
			}
			s.mu.Lock()
			s.ranges = 0
			s.mu.Unlock()
			whole, err := land(t, staging.Open(t.TempDir()), plan)
			if err != nil {
				t.Fatal(err)
			}
			if s.ranges > 1 != c.ranged && c.ranged {
				t.Errorf("%d ranges", s.ranges)
			}
			host := strings.SplitN(at, "//", 2)[1]
			if want := host + "/dir/m.gguf:latest"; whole.Name.String() != want {
				t.Errorf("%s, want %s", whole.Name, want)
			}
			names, err := r.Names(at + "/Dir/M.gguf" + c.suffix)
			if err != nil || names.Queries[0] != whole.Name.String() || names.Origin != whole.Origin {
				t.Errorf("%+v, %v, origin %s", names, err, whole.Origin)
			}
			m, err := packaging.Parse(whole.Manifest, nil)
			if err != nil || len(m.Files) != 1 || m.Files[0].Path != "M.gguf" || m.Files[0].Digest != sum || m.Main != "M.gguf" {
				t.Errorf("%+v, %v", m, err)
			}
			if text := string(whole.Manifest) + whole.Origin + whole.Name.String(); strings.Contains(text, "secret") || strings.Contains(text, "#") {
				t.Errorf("kept: %s", text)
			}
		})
	}
}

// The same file makes the same manifest, however it came.
func TestReproducible(t *testing.T) {
	data := gguf(1 << 10)
	r, at := start(t, &web{t: t, data: data}, false)
	var digests []digest.Digest
	for _, suffix := range []string{"", "?a=b", "#sha256=" + digest.FromBytes(data).Encoded()} {
		plan, err := r.Resolve(t.Context(), at+"/m.gguf"+suffix)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := land(t, staging.Open(t.TempDir()), plan)
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, whole.Digest)
	}
	if digests[0] != digests[1] || digests[0] != digests[2] {
		t.Error(digests)
	}
}

func TestSplit(t *testing.T) {
	r, at := start(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !strings.HasPrefix(req.URL.Path, "/d/m-0000") || req.URL.RawQuery != "k=v" {
			t.Errorf("asked for %s", req.URL)
		}
		w.Header().Set("ETag", `"x"`)
		http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(append(gguf(64), req.URL.Path...)))
	}), false)
	plan, err := r.Resolve(t.Context(), at+"/d/m-00002-of-00003.gguf?k=v")
	if err != nil {
		t.Fatal(err)
	}
	whole, err := land(t, staging.Open(t.TempDir()), plan)
	if err != nil {
		t.Fatal(err)
	}
	m, err := packaging.Parse(whole.Manifest, nil)
	if err != nil || len(m.Files) != 3 || m.Main != "m-00001-of-00003.gguf" {
		t.Errorf("%+v, %v", m, err)
	}
	if !strings.HasSuffix(whole.Name.String(), "/d/m-00001-of-00003.gguf:latest") {
		t.Error(whole.Name)
	}
}

// A name that the server proposes is used where the URL has none, and leads nowhere else.
func TestNaming(t *testing.T) {
	for disposition, want := range map[string]string{
		`attachment; filename="m.gguf"`: "m.gguf", `attachment; filename="../../m.gguf"`: "m.gguf", `attachment; filename=".."`: "model.gguf", "": "model.gguf",
		`attachment; filename*=UTF-8''n%20n.gguf`: "n n.gguf", "odd;;": "model.gguf",
	} {
		r, at := start(t, &web{t: t, data: gguf(64), change: func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Disposition", disposition)
			return false
		}}, false)
		plan, err := r.Resolve(t.Context(), at+"/download?id=1")
		if err != nil || plan.Pending[0].Name != want || !strings.HasSuffix(plan.Name.String(), "/download:latest") {
			t.Errorf("%s: %+v, %v", disposition, plan, err)
		}
	}
}

// Credentials go to the host that was named, and not where it leads.
func TestCredentials(t *testing.T) {
	data := gguf(64)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("Authorization") != "" {
			t.Error("the credentials went on")
		}
		w.Header().Set("ETag", `"x"`)
		http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(data))
	}))
	defer elsewhere.Close()
	r, at := start(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if user, password, _ := req.BasicAuth(); user != "me" || password != "secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		http.Redirect(w, req, elsewhere.URL+"/x?sig=1", http.StatusFound)
	}), false)
	plan, err := r.Resolve(t.Context(), strings.Replace(at, "://", "://me:secret@", 1)+"/m.gguf")
	if err != nil {
		t.Fatal(err)
	}
	whole, err := land(t, staging.Open(t.TempDir()), plan)
	if err != nil || strings.Contains(string(whole.Manifest)+whole.Origin+whole.Name.String(), "secret") {
		t.Errorf("%v, %s", err, whole.Manifest)
	}
	if _, err := r.Resolve(t.Context(), at+"/m.gguf"); !errors.Is(err, artifacts.ErrAuthentication) {
		t.Error(err)
	}
}

// The file at the origin changes while it is read: nothing is mixed.
func TestChanges(t *testing.T) {
	tag := `"one"`
	data := gguf(20 << 20)
	s := &web{t: t, data: data}
	s.change = func(w http.ResponseWriter, req *http.Request) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		w.Header().Set("ETag", tag)
		if s.requests > 2 {
			tag = `"two"`
		}
		http.ServeContent(w, req, "m.gguf", time.Time{}, bytes.NewReader(data))
		return true
	}
	r, at := start(t, s, false)
	plan, err := r.Resolve(t.Context(), at+"/m.gguf")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := land(t, staging.Open(dir), plan); err == nil || !strings.Contains(err.Error(), "changed at the origin") {
		t.Error(err)
	}
}

func TestErrors(t *testing.T) {
	data := gguf(1 << 20)
	status := func(code int, headers ...string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			for _, h := range headers {
				k, v, _ := strings.Cut(h, ": ")
				w.Header().Set(k, v)
			}
			w.WriteHeader(code)
			return true
		}
	}
	for name, c := range map[string]struct {
		suffix string
		change func(http.ResponseWriter, *http.Request) bool
		is     error
		as     func(error) bool
		says   string
	}{
		"401":      {change: status(401), is: artifacts.ErrAuthentication, as: isA[*source.RefusedError], says: "401"},
		"403":      {change: status(403), is: artifacts.ErrAuthentication, as: isA[*source.RefusedError], says: "403"},
		"404":      {change: status(404), is: artifacts.ErrNotFound, says: "404"},
		"410":      {change: status(410), is: artifacts.ErrNotFound, says: "410"},
		"429":      {change: status(429, "Retry-After: 7200"), as: isA[*artifacts.TemporaryError], says: "429"},
		"503":      {change: status(503), as: isA[*artifacts.TemporaryError], says: "503"},
		"web page": {change: func(w http.ResponseWriter, _ *http.Request) bool { fmt.Fprint(w, "<html>log in</html>"); return true }, says: "is no model: it is a web page"},
		"other":    {change: func(w http.ResponseWriter, _ *http.Request) bool { fmt.Fprint(w, "\x00\x01other"); return true }, says: "is not GGUF"},
		"gzip":     {change: zipped, says: `encoding "gzip"`},
		"downgrade": {change: func(w http.ResponseWriter, req *http.Request) bool {
			http.Redirect(w, req, "http://"+req.Host+"/x", http.StatusFound)
			return true
		}, says: "not encrypted"},
		"ftp": {change: func(w http.ResponseWriter, req *http.Request) bool {
			w.Header().Set("Location", "ftp://x/y")
			w.WriteHeader(302)
			return true
		}, says: "not a web address"},
		"silence":   {change: func(_ http.ResponseWriter, req *http.Request) bool { <-req.Context().Done(); return true }, as: isA[*artifacts.TemporaryError], says: "m.gguf"},
		"truncated": {change: truncated(data), is: artifacts.ErrNoRange, says: "bytes are missing"},
		"wrong sha": {suffix: "#sha256=" + strings.Repeat("0", 64), is: artifacts.ErrVerification, says: "the bytes have digest sha256:"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "truncated" && testing.Short() {
				t.Skip("it is tried for half a minute")
			}
			t.Parallel()
			r, at := start(t, &web{t: t, data: data, change: c.change}, true)
			if name == "silence" {
				r.o.Web.Stall = time.Second
			}
			plan, err := r.Resolve(t.Context(), at+"/m.gguf"+c.suffix)
			if err == nil {
				dir := t.TempDir()
				_, err = land(t, staging.Open(dir), plan)
			}
			if err == nil || !strings.Contains(err.Error(), c.says) || c.is != nil && !errors.Is(err, c.is) || c.as != nil && !c.as(err) {
				t.Errorf("%v", err)
			}
		})
	}
}

func zipped(w http.ResponseWriter, _ *http.Request) bool {
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	defer z.Close()
	_, _ = z.Write(gguf(64))
	return true
}

// truncated ends the body early, each time.
func truncated(data []byte) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, req *http.Request) bool {
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		_, _ = w.Write(data[:len(data)/2])
		return true
	}
}

func TestTLSRefused(t *testing.T) {
	_, at := start(t, &web{t: t, data: gguf(64)}, true)
	stranger := New(&Options{Web: source.WebOptions{Trust: &source.Trust{CertDir: t.TempDir()}}, System: policy(t, `{"default":[{"type":"insecureAcceptAnything"}]}`)})
	if _, err := stranger.Resolve(t.Context(), at+"/m.gguf"); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Error(err)
	}
}

func TestPolicy(t *testing.T) {
	_, at := start(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("asked") }), false)
	for _, text := range []string{
		`{"default":[{"type":"reject"}]}`,
		`{"default":[{"type":"insecureAcceptAnything"}],"transports":{"url":{"127.0.0.1":[{"type":"insecureAcceptAnything"}],"":[{"type":"reject"}]}}}`,
	} {
		r := New(&Options{System: policy(t, text)})
		if _, err := r.Resolve(t.Context(), at+"/m.gguf"); !errors.Is(err, artifacts.ErrPolicy) {
			t.Error(err)
		}
	}
	s := &web{t: t, data: gguf(64)}
	r, at := start(t, s, false)
	host := strings.TrimPrefix(at, "http://")
	r.o.System = policy(t, `{"default":[{"type":"reject"}],"transports":{"url":{"`+host+`/a":[{"type":"insecureAcceptAnything"}]}}}`)
	if _, err := r.Resolve(t.Context(), at+"/a/b/m.gguf"); err != nil {
		t.Error(err)
	}
}

func TestParse(t *testing.T) {
	for input, want := range map[string]string{
		"https://Example.com/Dir/M.gguf":            "example.com/dir/m.gguf:latest",
		"https://example.com:8443/m.gguf":           "example.com:8443/m.gguf:latest",
		"http://box/m.gguf":                         "box:80/m.gguf:latest",
		"https://box:1/m.gguf":                      "box:1/m.gguf:latest",
		"https://localhost/m.gguf":                  "localhost/m.gguf:latest",
		"https://example.com/a%20b/m%2Bn(1).gguf":   "example.com/a-b/m-n-1-gguf:latest",
		"https://example.com//a//m.gguf?x=1#":       "example.com/a/m.gguf:latest",
		"https://example.com/m-00002-of-00002.gguf": "example.com/m-00001-of-00002.gguf:latest",
	} {
		names, err := New(nil).Names(input)
		if err != nil || names.Queries[0] != want {
			t.Errorf("%s: %+v, %v", input, names, err)
		}
	}
	for input, says := range map[string]string{
		"ftp://h/x": "no URL of the web", "https:///x": "no host", "https://h": "names no file", "https://h/": "names no file", "https://h/a/": "names no file",
		"https://h/x#sha256=12": "64 hex", "https://h/x#frag": "64 hex", "https://u:secret@h/%zz?k=secret": "no URL",
		"https://h/m-00001-of-00002.gguf#sha256=" + strings.Repeat("a", 64): "2 parts",
	} {
		_, err := parse(input)
		if !errors.Is(err, artifacts.ErrInvalidName) || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", input, err)
		}
	}
}

// isA tells whether err is one of type E, or wraps one.
func isA[E error](err error) bool {
	_, is := errors.AsType[E](err)
	return is
}
