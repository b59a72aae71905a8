package registry

import "net/http"

// send is a source.Sender for the registry itself: with credentials, and once more if they turn out to be too old or too
// few. A request with a body must be able to say it again (GetBody).
func (e *endpoint) send(req *http.Request) (*http.Response, error) {
	used, err := e.auth.header(req.Context())
	if err != nil {
		return nil, err
	}
	resp, err := e.sendWith(req, used)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || !e.auth.rejected(resp, used) {
		return resp, err
	}
	resp.Body.Close()
	if req.GetBody != nil {
		if req.Body, err = req.GetBody(); err != nil {
			return nil, err
		}
	}
	if used, err = e.auth.header(req.Context()); err != nil {
		return nil, err
	}
	return e.sendWith(req, used)
}

func (e *endpoint) sendWith(req *http.Request, header string) (*http.Response, error) {
	out := req.Clone(req.Context())
	e.sign(out)
	if header != "" {
		out.Header.Set("Authorization", header)
	}
	return e.own.Do(out)
}
