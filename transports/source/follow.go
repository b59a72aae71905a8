package source

import (
	"fmt"
	"net/http"
	"net/url"
)

// maxRedirects bounds the redirects of one request.
const maxRedirects = 10

// Follow asks start and goes where it leads. send asks one place without following; it is told when the place is not
// start's own any more, so that credentials stay at home. That holds to the end, even if a later hop leads back. The
// bodies of redirects are closed. away says whether the answer came from elsewhere.
func Follow(start *url.URL, send func(to *url.URL, away bool) (*http.Response, error)) (resp *http.Response, away bool, err error) {
	at := start
	for range maxRedirects + 1 {
		resp, err := send(at, away)
		if err != nil {
			return nil, away, err
		}
		next, err := location(resp)
		if err == nil && next == nil {
			return resp, away, nil
		}
		resp.Body.Close()
		if err != nil {
			return nil, away, err
		}
		away = away || !SameOrigin(start, next)
		at = next
	}
	return nil, away, fmt.Errorf("giving up on %s after %d redirects", Redact(start), maxRedirects)
}

// location returns where an answer redirects to; nil if it is no redirect. A place that is not on the web is an error.
func location(resp *http.Response) (*url.URL, error) {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	next, err := resp.Location()
	if err != nil {
		// The error is not passed on: it may quote a signed address.
		return nil, fmt.Errorf("following the redirect of %s: its Location header is missing or not readable", Redact(resp.Request.URL))
	}
	if (next.Scheme != "https" && next.Scheme != "http") || next.Host == "" {
		return nil, fmt.Errorf("following the redirect of %s to %s: not a web address", Redact(resp.Request.URL), Redact(next))
	}
	return next, nil
}
