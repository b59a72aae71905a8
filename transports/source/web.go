package source

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	// Username and Password are sent to the origin and to nobody else; no Username: nothing is.
	Username, Password string
	// Stall is how long a server may be silent; 0: DefaultStall.
	Stall time.Duration
}

// Web is an origin that is asked over HTTP: the clients for it, and for the hosts that it leads to. Safe for concurrent use.
type Web struct {
	home *url.URL
	o    WebOptions

	mu      sync.Mutex
	clients map[string]*http.Client // by host
}

// NewWeb makes a Web of an origin's address, of which scheme, host and port count. It asks nothing of the network.
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
	return w
}

// Origin is a Sender to the origin itself.
func (w *Web) Origin(req *http.Request) (*http.Response, error) {
	if w.o.Username != "" {
		req.SetBasicAuth(w.o.Username, w.o.Password)
	}
	return w.send(req)
}

// Elsewhere is a Sender to any other host. What was asked for by TLS is not taken from a host without.
func (w *Web) Elsewhere(req *http.Request) (*http.Response, error) {
	if w.home.Scheme == "https" && req.URL.Scheme == "http" {
		return nil, fmt.Errorf("%s leads to %s, which is not encrypted", w.home.Host, Redact(req.URL))
	}
	return w.send(req)
}

func (w *Web) send(req *http.Request) (*http.Response, error) {
	client, err := w.client(req.URL)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", w.o.Agent)
	return client.Do(req)
}

func (w *Web) client(u *url.URL) (*http.Client, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.clients[u.Host]; c != nil {
		return c, nil
	}
	settings, err := w.o.Trust.Own(w.home.Host)
	if err == nil && !SameOrigin(w.home, u) {
		settings, err = w.o.Trust.Other(settings, u.Host)
	}
	if err != nil {
		return nil, err
	}
	c := NewClient(settings, w.o.Stall)
	w.clients[u.Host] = c
	return c, nil
}

// Get asks the origin for something and follows where it leads; header may be nil. An answer that is no success is an error:
// of Refusal's sorts. The caller closes the body; a server that falls silent ends the exchange.
func (w *Web) Get(ctx context.Context, at *url.URL, header http.Header) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	resp, _, err := Follow(at, func(to *url.URL, away bool) (*http.Response, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil)
		if err != nil {
			return nil, fmt.Errorf("asking %s: not a usable address", Redact(to))
		}
		req.Header.Set("Accept-Encoding", "identity")
		for name, values := range header {
			req.Header[name] = values
		}
		if away {
			return w.Elsewhere(req)
		}
		return w.Origin(req)
	})
	if err != nil {
		defer cancel(nil)
		return nil, fmt.Errorf("asking %s: %w", Redact(at), NetError(ctx, err))
	}
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusPartialContent {
		defer cancel(nil)
		defer resp.Body.Close()
		return nil, w.Refusal(NewStatusError(resp))
	}
	resp.Body = &ending{Watch(resp.Body, w.o.Stall, cancel), cancel}
	return resp, nil
}

// ending is a body whose Close ends its exchange.
type ending struct {
	body   io.ReadCloser
	cancel context.CancelCauseFunc
}

func (e *ending) Read(p []byte) (int, error) { return e.body.Read(p) }

func (e *ending) Close() error {
	defer e.cancel(nil)
	return e.body.Close()
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

// Refusal sorts the error of an answer: 401 and 403 are a RefusedError, 404 and 410 artifacts.ErrNotFound, the rest is as it was.
func (w *Web) Refusal(err error) error {
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
