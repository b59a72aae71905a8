package registry

import (
	"context"
	"encoding/base64"
	"net/http"
	"slices"
	"sync"
	"time"

	"go.podman.io/image/v5/types"
)

// authorizer gives requests to one registry the credentials that it asks for. Safe for concurrent use.
type authorizer struct {
	at          *endpoint
	credentials types.DockerAuthConfig
	renewing    chan struct{} // holds one token: the right to fetch a bearer token

	mu         sync.Mutex
	challenges []challenge // what the registry wants; empty: nothing
	scopes     []string    // what a bearer token is asked for
	bearer     string      // "" if there is none
	ends       time.Time   // of bearer
}

func newAuthorizer(at *endpoint, credentials types.DockerAuthConfig, u use) *authorizer {
	a := &authorizer{at: at, credentials: credentials, renewing: make(chan struct{}, 1), scopes: u.scopes(at.path)}
	a.renewing <- struct{}{}
	return a
}

// offer keeps what the registry wants. An answer without a challenge changes nothing.
func (a *authorizer) offer(challenges []challenge) {
	if len(challenges) == 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.challenges = challenges
	for _, c := range challenges {
		// A registry may want more than pulling from this repository: a proxy, the repository behind it.
		if scope := c.params["scope"]; c.scheme == "bearer" && scope != "" && !slices.Contains(a.scopes, scope) {
			a.scopes = append(a.scopes[:1:1], scope)
		}
	}
}

// header returns the value for Authorization, fetching a bearer token if need be; "" if the registry wants nothing, or
// nothing that is known here: then it is asked without.
func (a *authorizer) header(ctx context.Context) (string, error) {
	a.mu.Lock()
	challenges := a.challenges
	a.mu.Unlock()
	for _, c := range challenges {
		switch c.scheme {
		case "basic":
			if a.credentials.Username == "" {
				return "", nil
			}
			pair := a.credentials.Username + ":" + a.credentials.Password
			return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair)), nil
		case "bearer":
			token, err := a.token(ctx, c)
			return "Bearer " + token, err
		}
	}
	return "", nil
}

// token returns a bearer token that is still good, one at a time fetching a new one.
func (a *authorizer) token(ctx context.Context, c challenge) (string, error) {
	select {
	case <-a.renewing:
		defer func() { a.renewing <- struct{}{} }()
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	a.mu.Lock()
	bearer, ends, scopes := a.bearer, a.ends, slices.Clone(a.scopes)
	a.mu.Unlock()
	if bearer != "" && time.Now().Before(ends) {
		return bearer, nil
	}
	bearer, ends, err := a.fetch(ctx, c, scopes)
	if err != nil {
		return "", err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.bearer, a.ends = bearer, ends
	return bearer, nil
}

// rejected takes note of a 401 to a request that was sent with the value used, and says whether another attempt makes
// sense: with a new token, or with credentials that were not asked for before.
func (a *authorizer) rejected(resp *http.Response, used string) bool {
	a.offer(parseChallenges(resp.Header))
	a.mu.Lock()
	defer a.mu.Unlock()
	if used == "Bearer "+a.bearer {
		a.bearer = ""
	}
	for _, c := range a.challenges {
		switch c.scheme {
		case "basic":
			return used == "" && a.credentials.Username != ""
		case "bearer":
			return true
		}
	}
	return false
}
