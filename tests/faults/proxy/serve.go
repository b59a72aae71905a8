package proxy

import (
	"compress/gzip"
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, in *http.Request) {
	r := read(in)
	f := p.arrived(r)
	if !wait(in.Context(), p.opts.Latency) {
		return
	}
	if f.Status != 0 {
		replace(w.Header(), f.Header)
		w.WriteHeader(f.Status)
		return
	}
	resp, err := p.forward(in, f)
	if err != nil {
		if in.Context().Err() == nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
		return
	}
	defer resp.Body.Close()
	maps.Copy(w.Header(), resp.Header)
	if f.Gzip {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Del("Content-Length")
	}
	replace(w.Header(), f.Header)
	w.WriteHeader(resp.StatusCode)
	if in.Method != http.MethodHead {
		p.pass(w, in, resp.Body, &transfer{r, f})
	}
}

// read takes from a request what matters here. A range is "bytes=first-last", the one form that clients of registries send.
func read(in *http.Request) *Request {
	r := &Request{Path: in.URL.Path, Query: in.URL.RawQuery, Header: in.Header}
	r.Blob = in.Method == http.MethodGet && strings.Contains(r.Path, "/blobs/")
	if span, ok := strings.CutPrefix(in.Header.Get("Range"), "bytes="); ok {
		first, last, _ := strings.Cut(span, "-")
		from, err1 := strconv.ParseInt(first, 10, 64)
		to, err2 := strconv.ParseInt(last, 10, 64)
		if err1 == nil && err2 == nil {
			r.Ranged, r.From, r.To = true, from, to+1
		}
	}
	return r
}

func replace(h, with http.Header) {
	for name, values := range with {
		h[name] = values
	}
}

// wait says whether the client is still there after d.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// forward asks the registry. The Host stays the client's, so that what the registry says of itself leads back here.
func (p *Proxy) forward(in *http.Request, f *Fault) (*http.Response, error) {
	to := &url.URL{Scheme: "http", Host: p.opts.Target, Path: in.URL.Path, RawQuery: in.URL.RawQuery}
	out, err := http.NewRequestWithContext(in.Context(), in.Method, to.String(), in.Body)
	if err != nil {
		return nil, err
	}
	out.Header = in.Header.Clone()
	out.Host, out.ContentLength = in.Host, in.ContentLength
	if f.IgnoreRange {
		out.Header.Del("Range")
	}
	return p.client.Do(out)
}

// transfer is one body on its way.
type transfer struct {
	*Request
	*Fault
}

// pass sends a body on, as badly as the fault wants.
func (p *Proxy) pass(w http.ResponseWriter, in *http.Request, body io.Reader, t *transfer) {
	out := io.Writer(w)
	if t.Gzip {
		z := gzip.NewWriter(w)
		defer z.Close() // the client may be gone: then nobody misses the end
		out = z
	}
	off := int64(0)
	if t.Ranged && !t.IgnoreRange {
		off = t.From
	}
	buf := p.buffer()
	defer p.reuse(buf)
	for done := int64(0); ; {
		n, err := body.Read(buf)
		data := buf[:n]
		if at := t.Flip - off - done; t.Flip > 0 && at >= 0 && at < int64(n) {
			data[at] ^= 1
		}
		if t.breaks() && done+int64(n) >= t.After {
			data = data[:t.After-done]
			err = errBroken
		}
		m, werr := out.Write(data)
		if m > 0 {
			p.sent(t.Request, off+done, int64(m))
		}
		done += int64(m)
		if err == nil {
			err = werr
		}
		if err != nil {
			end(w, in, err, t.Fault)
			return
		}
	}
}

// end is what happens when a body ends: in good order, by the fault, or because one side is gone.
func end(w http.ResponseWriter, in *http.Request, err error, f *Fault) {
	switch {
	case err == io.EOF:
		return
	case err == errBroken && f.Stall:
		if http.NewResponseController(w).Flush() == nil {
			<-in.Context().Done()
		}
	case err == errBroken:
		if http.NewResponseController(w).Flush() != nil {
			return
		}
	}
	panic(http.ErrAbortHandler) // the documented way to break a connection
}
