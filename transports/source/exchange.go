package source

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/paddock-dev/paddock/artifacts"
)

// exchange is the asking for one part.
type exchange struct {
	remote *Remote
	ctx    context.Context
	cancel context.CancelCauseFunc
	part   Part
}

// run asks the remembered target, or the origin. The answer may have any status.
func (e *exchange) run() (*http.Response, error) {
	target, done, err := e.remote.aim(e.ctx)
	if err != nil {
		return nil, err
	}
	if target != nil {
		resp, err := e.send(target, true)
		if !refused(resp, err) {
			return resp, err
		}
		if resp != nil {
			resp.Body.Close()
		}
		e.remote.forget(target)
		if target, done, err = e.remote.aim(e.ctx); err != nil {
			return nil, err
		}
		if target != nil { // another part has asked the origin meanwhile
			return e.send(target, true)
		}
	}
	defer done()
	return e.ask()
}

// refused says that a remembered target does not work any more: the signed URL ended, or its host is gone. A target that
// is only slow or busy is kept.
func refused(resp *http.Response, err error) bool {
	if err != nil {
		var temporary *artifacts.TemporaryError
		return !errors.As(err, &temporary)
	}
	switch resp.StatusCode {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusGone:
		return true
	}
	return false
}

// ask asks the origin, and remembers where a good answer came from.
func (e *exchange) ask() (*http.Response, error) {
	resp, away, err := Follow(e.remote.place.URL, e.send)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusPartialContent {
		var target *url.URL
		if away {
			target = resp.Request.URL
		}
		e.remote.learn(target)
	}
	return resp, nil
}

// send sends one request for the part and puts the body under watch.
func (e *exchange) send(to *url.URL, away bool) (*http.Response, error) {
	req, err := http.NewRequestWithContext(e.ctx, http.MethodGet, to.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("asking %s: not a usable address", Redact(to))
	}
	e.part.SetHeader(req.Header)
	send := e.remote.place.Origin
	if away {
		send = e.remote.place.Elsewhere
	}
	resp, err := send(req)
	if err != nil {
		return nil, NetError(e.ctx, err)
	}
	resp.Body = Watch(resp.Body, e.remote.place.Stall, e.cancel)
	return resp, nil
}
