// Package cdn is a strict fake of the servers behind signed addresses: one that is shown a credential, or is asked for
// anything that was not signed, fails the test.
package cdn

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Life is how long a signature is good.
const Life = time.Hour

// Fault spoils answers. The zero value of each field changes nothing.
type Fault struct {
	// Status is sent instead of the content, with RetryAfter in seconds if it is not "".
	Status     int
	RetryAfter string
	// Cut ends the connection after so many bytes of the body.
	Cut int64
	// Spoil changes the first byte of what is asked for.
	Spoil bool
	// IgnoreRange sends the whole content.
	IgnoreRange bool
	// Silent sends nothing until the client gives up.
	Silent bool
	// Times is how many answers are spoilt; 0: all.
	Times int
	// Pace is how many bytes are sent in a second; 0: as many as there are.
	Pace int
}

// CDN is a running fake. Its methods are safe for concurrent use.
type CDN struct {
	t      testing.TB
	server *httptest.Server

	mu     sync.Mutex
	signed map[string]*content // by signature
	serial int
	asked  int
	sent   int64
	fault  *Fault
	marks  []mark
}

// mark is closed when so much was sent.
type mark struct {
	at   int64
	done chan struct{}
}

type content struct {
	data    []byte
	expires time.Time
}

// New starts a CDN that ends with the test; listen opens its port, nil: on this machine's loopback.
func New(t testing.TB, listen func() net.Listener) *CDN {
	t.Helper()
	c := &CDN{t: t, signed: map[string]*content{}}
	c.server = Start(t, listen, http.HandlerFunc(c.serve))
	return c
}

// Start starts a server that ends with the test.
func Start(t testing.TB, listen func() net.Listener, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	if listen != nil {
		s.Listener.Close()
		s.Listener = listen()
	}
	s.Start()
	t.Cleanup(func() {
		s.CloseClientConnections() // one that was silent may still hold its client
		s.Close()
	})
	return s
}

// Sign returns an address at which data can be read for as long as Life.
func (c *CDN) Sign(data []byte) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.serial++
	signature := strconv.Itoa(c.serial)
	expires := time.Now().Add(Life)
	c.signed[signature] = &content{data, expires}
	return fmt.Sprintf("%s/blob?Expires=%d&Signature=%s", c.server.URL, expires.Unix(), signature)
}

// Expire ends every signature that was given out.
func (c *CDN) Expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.signed {
		s.expires = time.Time{}
	}
}

// Break spoils what is sent from now on; nil mends it.
func (c *CDN) Break(f *Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault = f
}

// Asked is how many requests came.
func (c *CDN) Asked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked
}

// Sent is how many bytes of content went out.
func (c *CDN) Sent() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent
}

// After returns a channel that is closed when n more bytes of content went out.
func (c *CDN) After(n int64) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := mark{c.sent + n, make(chan struct{})}
	c.marks = append(c.marks, m)
	return m.done
}

// count notes what went out.
func (c *CDN) count(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent += int64(n)
	c.marks = slices.DeleteFunc(c.marks, func(m mark) bool {
		if c.sent >= m.at {
			close(m.done)
		}
		return c.sent >= m.at
	})
}

func (c *CDN) serve(w http.ResponseWriter, req *http.Request) {
	for _, name := range []string{"Authorization", "Cookie", "Proxy-Authorization"} {
		if req.Header.Get(name) != "" {
			c.t.Errorf("fake CDN: a %s header was sent to another host than its own: %s %s", name, req.Method, req.URL.Path)
		}
	}
	if req.Method != http.MethodGet {
		c.t.Errorf("fake CDN: %s %s", req.Method, req.URL.Path)
	}
	if req.Header.Get("Accept-Encoding") != "identity" {
		c.t.Errorf("fake CDN: asked for the encoding %q", req.Header.Get("Accept-Encoding"))
	}
	c.mu.Lock()
	c.asked++
	found := c.signed[req.URL.Query().Get("Signature")]
	fault := c.takeFault()
	c.mu.Unlock()
	if found == nil || time.Now().After(found.expires) {
		http.Error(w, "<Error><Code>AccessDenied</Code></Error>", http.StatusForbidden)
		return
	}
	out := &writer{ResponseWriter: w, cdn: c, fault: fault, request: req}
	switch {
	case fault.Status != 0:
		if fault.RetryAfter != "" {
			w.Header().Set("Retry-After", fault.RetryAfter)
		}
		w.WriteHeader(fault.Status)
		return
	case fault.Silent:
		<-req.Context().Done()
		return
	case fault.IgnoreRange:
		req.Header.Del("Range")
	}
	http.ServeContent(out, req, "", time.Time{}, bytes.NewReader(found.data))
}

// takeFault returns what is to be spoilt. The lock is held.
func (c *CDN) takeFault() Fault {
	if c.fault == nil {
		return Fault{}
	}
	f := *c.fault
	if c.fault.Times == 1 {
		c.fault = nil
	} else if c.fault.Times > 1 {
		c.fault.Times--
	}
	return f
}

// writer counts and spoils.
type writer struct {
	http.ResponseWriter
	cdn     *CDN
	fault   Fault
	request *http.Request
	written int64
}

func (w *writer) Write(p []byte) (int, error) {
	if w.fault.Spoil && w.written == 0 && len(p) > 0 {
		p = append([]byte{p[0] ^ 1}, p[1:]...)
	}
	if w.fault.Cut > 0 && w.written+int64(len(p)) > w.fault.Cut {
		panic(http.ErrAbortHandler)
	}
	if w.fault.Pace > 0 {
		pause := time.NewTimer(time.Second * time.Duration(len(p)) / time.Duration(w.fault.Pace))
		defer pause.Stop()
		select {
		case <-pause.C:
		case <-w.request.Context().Done():
			return 0, w.request.Context().Err()
		}
	}
	n, err := w.ResponseWriter.Write(p)
	w.written += int64(n)
	w.cdn.count(n)
	return n, err
}
