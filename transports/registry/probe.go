package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports/source"
)

// probe finds out once how the registry is reached and what it wants to see: GET /v2/, over HTTPS, and over HTTP only if
// the registry is configured as insecure. A lasting failure is remembered, so that a mirror that is gone costs one attempt.
func (e *endpoint) probe(ctx context.Context) error {
	select {
	case <-e.probing:
		defer func() { e.probing <- struct{}{} }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	e.mu.Lock()
	scheme, dead := e.scheme, e.dead
	e.mu.Unlock()
	if scheme != "" || dead != nil {
		return dead
	}
	scheme, err := e.findScheme(ctx)
	e.mu.Lock()
	defer e.mu.Unlock()
	var temporary *artifacts.TemporaryError
	if err != nil && ctx.Err() == nil && !errors.As(err, &temporary) {
		e.dead = err
	}
	e.scheme = scheme
	return err
}

// findScheme pings and returns the scheme that works.
func (e *endpoint) findScheme(ctx context.Context) (string, error) {
	err := e.ping(ctx, "https")
	if err == nil {
		return "https", nil
	}
	if e.insecure && ctx.Err() == nil {
		if err = e.ping(ctx, "http"); err == nil {
			return "http", nil
		}
	}
	return "", fmt.Errorf("pinging registry %s: %w", e.name, err)
}

// ping asks for /v2/ without credentials, and keeps what the registry says of the ones it wants. Some registries say it
// nowhere else.
func (e *endpoint) ping(ctx context.Context, scheme string) error {
	short, cancel := e.timeout(ctx)
	defer cancel()
	u := &url.URL{Scheme: scheme, Host: e.host, Path: "/v2/"}
	if e.proxyFor != "" {
		u.RawQuery = url.Values{"ns": {e.proxyFor}}.Encode()
	}
	resp, _, err := source.Follow(u, func(to *url.URL, away bool) (*http.Response, error) {
		req, err := http.NewRequestWithContext(short, http.MethodGet, to.String(), nil)
		if err != nil {
			return nil, fmt.Errorf("asking %s: not a usable address", source.Redact(to))
		}
		return e.elsewhere(req)
	})
	if err != nil {
		return source.NetError(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusUnauthorized {
		return e.refusal(source.NewStatusError(resp))
	}
	e.auth.offer(parseChallenges(resp.Header))
	return nil
}
