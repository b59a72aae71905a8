package hub

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports/source"
)

// A small request is tried so often, with waits of 1, 2 and 4 s between, or longer ones that the site asks for. A site that
// asks for more than maxWait is not waited for.
const (
	maxTries  = 4
	firstWait = time.Second
	maxWait   = time.Minute
)

// SiteOptions say how to reach a site.
type SiteOptions struct {
	// Base is the address that everything at the site lies below.
	Base *url.URL
	// Authorize adds the credentials to a request's headers; nil: there are none. Only Base's scheme, host and port get them.
	Authorize func(http.Header)
	// Explain makes an error of an answer with a status from 400 on; nil, or an answer of nil: source.NewStatusError is it.
	Explain func(*http.Response) error
	// UserAgent names the program to the site.
	UserAgent string
	// Trust are the certificates; nil is the zero value.
	Trust *source.Trust
	// Stall is how long a server may be silent; 0: source.DefaultStall.
	Stall time.Duration
	// Logger receives what is decided on the way; nil: nobody.
	Logger *slog.Logger
	// Wait waits between two tries; nil: as long as it is told.
	Wait func(context.Context, time.Duration) error
}

// Site asks one web site. Safe for concurrent use.
type Site struct {
	SiteOptions

	mu      sync.Mutex
	own     *tls.Config
	clients map[string]*http.Client // by scheme and host
}

// NewSite makes a Site. It reads certificates when the first request needs them.
func NewSite(o *SiteOptions) *Site {
	s := &Site{SiteOptions: *o, clients: map[string]*http.Client{}}
	if s.Trust == nil {
		s.Trust = &source.Trust{}
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	if s.Wait == nil {
		s.Wait = wait
	}
	return s
}

// Get reads a document of at most limit bytes. It follows redirects, and tries again what may pass.
func (s *Site) Get(ctx context.Context, u *url.URL, limit int64) (body []byte, header http.Header, err error) {
	err = s.retry(ctx, func() error {
		body, header, err = s.get(ctx, u, limit)
		return err
	})
	return body, header, err
}

// Probe asks whether a file may be read, and nothing more. That the site leads elsewhere is a yes.
func (s *Site) Probe(ctx context.Context, u *url.URL) error {
	return s.retry(ctx, func() error {
		short, cancel := s.timeout(ctx)
		defer cancel()
		req, err := http.NewRequestWithContext(short, http.MethodHead, u.String(), nil)
		if err != nil {
			return fmt.Errorf("asking %s: not a usable address", source.Redact(u))
		}
		resp, err := s.send(req)
		if err != nil {
			return source.NetError(ctx, err)
		}
		return resp.Body.Close()
	})
}

// Opener reads parts of a file of size bytes.
func (s *Site) Opener(u *url.URL, size int64) artifacts.Opener {
	return source.NewRemote(&source.Place{URL: u, Size: size, Origin: s.send, Elsewhere: s.elsewhere, Stall: s.Stall}).Open
}

func (s *Site) get(ctx context.Context, u *url.URL, limit int64) ([]byte, http.Header, error) {
	short, cancel := s.timeout(ctx)
	defer cancel()
	resp, _, err := source.Follow(u, func(to *url.URL, away bool) (*http.Response, error) {
		req, err := http.NewRequestWithContext(short, http.MethodGet, to.String(), nil)
		if err != nil {
			return nil, fmt.Errorf("asking %s: not a usable address", source.Redact(to))
		}
		req.Header.Set("Accept-Encoding", "identity") // sizes and hashes are those of the bytes as they are
		if away {
			return s.elsewhere(req)
		}
		return s.send(req)
	})
	if err != nil {
		return nil, nil, source.NetError(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, nil, source.NewStatusError(resp)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("reading %s: %w", source.Redact(u), source.NetError(ctx, err))
	case int64(len(body)) > limit:
		return nil, nil, fmt.Errorf("reading %s: %w: it has more than %d bytes", source.Redact(u), artifacts.ErrVerification, limit)
	}
	return body, resp.Header, nil
}

// send is a source.Sender for the site itself. An answer that is no success is an error.
func (s *Site) send(req *http.Request) (*http.Response, error) {
	if s.Authorize != nil && source.SameOrigin(req.URL, s.Base) {
		s.Authorize(req.Header)
	}
	resp, err := s.elsewhere(req)
	if err != nil || resp.StatusCode < http.StatusBadRequest {
		return resp, err
	}
	defer resp.Body.Close()
	if s.Explain != nil {
		err = s.Explain(resp)
	}
	if err == nil {
		err = source.NewStatusError(resp)
	}
	return nil, err
}

// elsewhere is a source.Sender for places that the site leads to. What was asked for by TLS is not taken without.
func (s *Site) elsewhere(req *http.Request) (*http.Response, error) {
	if s.Base.Scheme == "https" && req.URL.Scheme == "http" {
		return nil, fmt.Errorf("%s leads to %s, which is not encrypted", s.Base.Host, source.Redact(req.URL))
	}
	client, err := s.client(req.URL)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", s.UserAgent)
	return client.Do(req)
}

// client returns the client for a place: the site's own, or one without its client certificates.
func (s *Site) client(u *url.URL) (*http.Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := u.Scheme + "://" + u.Host
	if c := s.clients[key]; c != nil {
		return c, nil
	}
	if s.own == nil {
		own, err := s.Trust.Own(s.Base.Host)
		if err != nil {
			return nil, err
		}
		s.own = own
	}
	settings := s.own
	if !source.SameOrigin(u, s.Base) {
		var err error
		if settings, err = s.Trust.Other(s.own, u.Host); err != nil {
			return nil, err
		}
	}
	s.clients[key] = source.NewClient(settings, s.Stall)
	return s.clients[key], nil
}

// retry tries again what may pass, after as long as the site asks for.
func (s *Site) retry(ctx context.Context, try func() error) error {
	pause := firstWait
	for n := 1; ; n++ {
		err := try()
		var temporary *artifacts.TemporaryError
		if err == nil || n == maxTries || ctx.Err() != nil || !errors.As(err, &temporary) || temporary.RetryAfter > maxWait {
			return err
		}
		pause = max(pause, temporary.RetryAfter)
		s.Logger.WarnContext(ctx, "asking again", "after", pause, "error", err)
		if s.Wait(ctx, pause) != nil {
			return context.Cause(ctx)
		}
		pause *= 2
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// timeout bounds a small exchange as a whole.
func (s *Site) timeout(ctx context.Context) (context.Context, context.CancelFunc) {
	stall := s.Stall
	if stall == 0 {
		stall = source.DefaultStall
	}
	return context.WithTimeout(ctx, 2*stall)
}
