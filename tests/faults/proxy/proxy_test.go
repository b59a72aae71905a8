package proxy

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const size = 1 << 20

func content() []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i * 7 >> 3)
	}
	return b
}

// behind starts a proxy of a server that has one blob.
func behind(t *testing.T, o *Options) (*Proxy, string) {
	t.Helper()
	data := content()
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Seen-Authorization", r.Header.Get("Authorization"))
		http.ServeContent(w, r, "blob", time.Time{}, bytes.NewReader(data))
	}))
	t.Cleanup(origin.Close)
	o.Target = strings.TrimPrefix(origin.URL, "http://")
	p, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p, "http://" + p.Addr() + "/v2/m/blobs/x"
}

// get asks for a range ("": all) and returns the answer with what came of its body.
func get(t *testing.T, url, rng string) (*http.Response, []byte, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if rng != "" {
		req.Header.Set("Range", rng)
	}
	req.Header.Set("Accept-Encoding", "identity")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, body, err
}

func TestCount(t *testing.T) {
	p, url := behind(t, &Options{Rate: 1 << 30, Latency: time.Millisecond})
	marked := int64(0)
	p.OnBytes(1, func() { marked = p.Count().BlobBytes })
	for _, rng := range []string{"bytes=0-99", "bytes=50-149", "bytes=200-299", "bytes=90-209"} {
		resp, body, err := get(t, url, rng)
		if err != nil || resp.StatusCode != http.StatusPartialContent {
			t.Fatalf("%s: %d bytes, %v, %s", rng, len(body), err, resp.Status)
		}
	}
	want := Count{Requests: 4, Blobs: 4, Bytes: 420, BlobBytes: 420, Again: 50 + 60 + 10}
	if got := p.Reset(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if marked != 100 {
		t.Errorf("the mark came at %d bytes", marked)
	}
	get(t, strings.Replace(url, "blobs", "manifests", 1), "")
	get(t, url, "")
	if got := p.Count(); got != (Count{Requests: 2, Blobs: 1, Bytes: 2 * size, BlobBytes: size, Again: 300}) {
		t.Errorf("after a reset: %+v", got)
	}
}

func TestFaults(t *testing.T) {
	data := content()
	for name, c := range map[string]struct {
		fault  Fault
		rng    string
		status int
		check  func(resp *http.Response, body []byte, err error) bool
	}{
		"none":   {Fault{}, "bytes=10-19", 206, func(_ *http.Response, b []byte, err error) bool { return err == nil && bytes.Equal(b, data[10:20]) }},
		"status": {Fault{Status: 429, Header: http.Header{"Retry-After": {"1"}}}, "", 429, func(r *http.Response, _ []byte, _ error) bool { return r.Header.Get("Retry-After") == "1" }},
		"header": {Fault{Header: http.Header{"Etag": {"x"}}}, "", 200, func(r *http.Response, b []byte, _ error) bool { return r.Header.Get("ETag") == "x" && len(b) == size }},
		"whole":  {Fault{IgnoreRange: true}, "bytes=10-19", 200, func(_ *http.Response, b []byte, _ error) bool { return bytes.Equal(b, data) }},
		"flip":   {Fault{Flip: 12}, "bytes=10-19", 206, func(_ *http.Response, b []byte, _ error) bool { return b[2] == data[12]^1 && b[3] == data[13] }},
		"cut":    {Fault{Cut: true, After: 300000}, "", 200, func(_ *http.Response, b []byte, err error) bool { return err != nil && bytes.Equal(b, data[:300000]) }},
		"gzip": {Fault{Gzip: true}, "", 200, func(r *http.Response, b []byte, _ error) bool {
			z, err := gzip.NewReader(bytes.NewReader(b))
			if err != nil || r.Header.Get("Content-Encoding") != "gzip" {
				return false
			}
			plain, err := io.ReadAll(z)
			return err == nil && bytes.Equal(plain, data)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			p, url := behind(t, &Options{})
			p.Spoil(func(r *Request) *Fault {
				if !r.Blob || r.N != 1 || r.Ranged != (c.rng != "") {
					t.Errorf("asked of %+v", r)
				}
				return &c.fault
			})
			resp, body, err := get(t, url, c.rng)
			if resp.StatusCode != c.status || !c.check(resp, body, err) {
				t.Errorf("got %s, %d bytes, %v", resp.Status, len(body), err)
			}
		})
	}
}

// TestStall: what was sent arrives, and the rest never does.
func TestStall(t *testing.T) {
	p, url := behind(t, &Options{})
	p.Spoil(func(*Request) *Fault { return &Fault{Stall: true, After: 1000} })
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if n, err := io.ReadFull(resp.Body, make([]byte, 1000)); err != nil {
		t.Fatalf("%d bytes, %v", n, err)
	}
	rest := make(chan error, 1)
	go func() {
		_, err := resp.Body.Read(make([]byte, 1))
		rest <- err
	}()
	select {
	case err := <-rest:
		t.Errorf("the body went on: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	if err := p.server.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-rest; err == nil || errors.Is(err, io.EOF) {
		t.Errorf("a stalled body ended with %v", err)
	}
}
