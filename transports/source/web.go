package source

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/paddock-dev/paddock/artifacts"
)

// WebOptions say how to reach a web origin; nil is the zero value.
type WebOptions struct {
	// Trust says which certificates are taken and shown; nil: the zero Trust.
	Trust *Trust
	// Agent names the program to servers; "": "paddock".
	Agent string
	// Authorize adds credentials to a request's headers; nil: there are none. Only the origin's scheme, host and port get them.
	Authorize func(http.Header)
	// Explain makes an error of an answer of the origin's own with a status from 400 on. nil: Refusal does, for the places that the
	// origin leads to, too.
	Explain func(*http.Response) error
	// Stall is how long a server may be silent; 0: DefaultStall.
	Stall time.Duration
	// Logger receives what is decided on the way; nil: nobody.
	Logger *slog.Logger
	// Wait waits between two tries; nil: as long as it is told.
	Wait func(context.Context, time.Duration) error
}

// BasicAuth is an Authorize with a user and a password; nil if there is no user.
func BasicAuth(user, password string) func(http.Header) {
	if user == "" {
		return nil
	}
	return func(h http.Header) { (&http.Request{Header: h}).SetBasicAuth(user, password) }
}

// Web is an origin that is asked over HTTP: the clients for it, and for the hosts that it leads to. Safe for concurrent use.
type Web struct {
	home *url.URL
	o    WebOptions

	mu      sync.Mutex
	own     *tls.Config
	clients map[string]*http.Client // by scheme and host
}

// NewWeb makes a Web of an origin's address, of which scheme, host and port count. It asks nothing of the network, and reads
// certificates when the first request needs them.
func NewWeb(home *url.URL, o *WebOptions) *Web {
	w := &Web{home: home, clients: map[string]*http.Client{}}
	if o != nil {
		w.o = *o
	}
	if w.o.Trust == nil {
		w.o.Trust = &Trust{}
	}
	if w.o.Agent == "" {
		w.o.Agent = "paddock"
	}
	if w.o.Stall == 0 {
		w.o.Stall = DefaultStall
	}
	if w.o.Logger == nil {
		w.o.Logger = slog.New(slog.DiscardHandler)
	}
	if w.o.Wait == nil {
		w.o.Wait = wait
	}
	return w
}

// Origin is a Sender to the origin itself. An answer that is no success is an error.
func (w *Web) Origin(req *http.Request) (*http.Response, error) {
	if w.o.Authorize != nil && SameOrigin(req.URL, w.home) { // what it is asked for may be a page that it named
		w.o.Authorize(req.Header)
	}
	explain := w.o.Explain
	if explain == nil {
		explain = w.refusal
	}
	return w.send(req, explain)
}

// Elsewhere is a Sender to any other host. What was asked for by TLS is not taken from a host without.
func (w *Web) Elsewhere(req *http.Request) (*http.Response, error) {
	if w.o.Explain == nil {
		return w.send(req, w.refusal)
	}
	return w.send(req, nil)
}

// send sends a request. What is no success explain makes an error of, unless it is nil.
func (w *Web) send(req *http.Request, explain func(*http.Response) error) (*http.Response, error) {
	if w.home.Scheme == "https" && req.URL.Scheme == "http" {
		return nil, fmt.Errorf("%s leads to %s, which is not encrypted", w.home.Host, Redact(req.URL))
	}
	client, err := w.client(req.URL)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", w.o.Agent)
	resp, err := client.Do(req)
	if err != nil || explain == nil || resp.StatusCode < http.StatusBadRequest {
		return resp, err
	}
	defer resp.Body.Close()
	return nil, explain(resp)
}

// client returns the client for a place: the origin's own, or one without its client certificates.
func (w *Web) client(u *url.URL) (*http.Client, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := u.Scheme + "://" + u.Host
	if c := w.clients[key]; c != nil {
		return c, nil
	}
	var err error
	if w.own == nil {
		if w.own, err = w.o.Trust.Own(w.home.Host); err != nil {
			w.own = nil
			return nil, err
		}
	}
	settings := w.own
	if !SameOrigin(w.home, u) {
		if settings, err = w.o.Trust.Other(w.own, u.Host); err != nil {
			return nil, err
		}
	}
	w.clients[key] = NewClient(settings, w.o.Stall)
	return w.clients[key], nil
}

// RefusedError says that an origin does not let us have something. It wraps artifacts.ErrAuthentication and Err.
type RefusedError struct {
	// Host is the origin's host[:port].
	Host string
	Err  error
}

// Error is one line.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s: %v: %v", e.Host, artifacts.ErrAuthentication, e.Err)
}

// Unwrap makes errors.Is find artifacts.ErrAuthentication.
func (e *RefusedError) Unwrap() []error { return []error{artifacts.ErrAuthentication, e.Err} }

// refusal makes the error of an answer: 401 and 403 are a RefusedError, 404 and 410 artifacts.ErrNotFound, the rest is a
// StatusError as NewStatusError has it.
func (w *Web) refusal(resp *http.Response) error {
	err := NewStatusError(resp)
	var status *StatusError
	if !errors.As(err, &status) {
		return err
	}
	switch status.Code {
	case http.StatusUnauthorized, http.StatusForbidden:
		return &RefusedError{Host: w.home.Host, Err: err}
	case http.StatusNotFound, http.StatusGone:
		return fmt.Errorf("%w: %w", artifacts.ErrNotFound, err)
	}
	return err
}

// Remote is a blob of the origin's, of size bytes. adjust, which may be nil, changes each request; check, which may be nil,
// looks at each good answer.
func (w *Web) Remote(at *url.URL, size int64, adjust func(*http.Request), check func(*http.Response) error) *Remote {
	wrap := func(send Sender) Sender {
		return func(req *http.Request) (*http.Response, error) {
			if adjust != nil {
				adjust(req)
			}
			resp, err := send(req)
			if err != nil || check == nil || resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusPartialContent {
				return resp, err
			}
			if err := check(resp); err != nil {
				resp.Body.Close()
				return nil, err
			}
			return resp, nil
		}
	}
	return NewRemote(&Place{URL: at, Size: size, Origin: wrap(w.Origin), Elsewhere: wrap(w.Elsewhere), Stall: w.o.Stall})
}
