package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/paddock-dev/paddock/transports/source"
)

const (
	// maxTokenBody is the largest answer of a token server in bytes, as go.podman.io/image has it.
	maxTokenBody = 1 << 20
	// minTokenLife is how long a token is good at least, whatever its server says: distribution-spec's token
	// documentation asks for 60 s.
	minTokenLife = 60 * time.Second
	// maxTokenLife is how long a token is believed at most.
	maxTokenLife = 24 * time.Hour
	// tokenMargin is how long before its end a token is no longer used.
	tokenMargin = 5 * time.Second
)

// fetch asks the challenge's realm for a token: with GET and perhaps a password, or with POST and an identity token
// (distribution: docs/spec/auth/token.md and oauth.md).
func (a *authorizer) fetch(ctx context.Context, c challenge, scopes []string) (string, time.Time, error) {
	realm, err := a.realm(c)
	if err != nil {
		return "", time.Time{}, err
	}
	short, cancel := a.at.timeout(ctx)
	defer cancel()
	asked := time.Now()
	resp, err := a.ask(short, realm, c, scopes)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("asking for a token for %s: %w", a.at.repo, source.NetError(ctx, err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", time.Time{}, fmt.Errorf("asking for a token for %s: %w", a.at.repo, a.at.refusal(source.NewStatusError(resp)))
	}
	token, life, err := readToken(resp.Body)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("reading the token of %s: %w", source.Redact(realm), source.NetError(ctx, err))
	}
	return token, asked.Add(max(life, minTokenLife) - tokenMargin), nil
}

// realm reads where tokens are to be had. Credentials that came over HTTPS so far must not go over HTTP.
func (a *authorizer) realm(c challenge) (*url.URL, error) {
	realm, err := url.Parse(c.params["realm"])
	if err != nil || realm.Host == "" || (realm.Scheme != "https" && realm.Scheme != "http") {
		return nil, &AuthenticationError{Registry: a.at.name, Err: errors.New("it wants a token, but says not where to get it")}
	}
	secret := a.credentials.Username != "" || a.credentials.IdentityToken != ""
	if realm.Scheme == "http" && secret && !a.at.insecure {
		return nil, &AuthenticationError{Registry: a.at.name, Err: fmt.Errorf("it wants the password sent to %s, unencrypted", source.Redact(realm))}
	}
	return realm, nil
}

// ask sends the request for a token. A redirect to another place gets no password.
func (a *authorizer) ask(ctx context.Context, realm *url.URL, c challenge, scopes []string) (*http.Response, error) {
	values := url.Values{"scope": scopes}
	if service := c.params["service"]; service != "" {
		values.Set("service", service)
	}
	if a.credentials.IdentityToken != "" {
		return a.post(ctx, realm, values)
	}
	if a.credentials.Username != "" {
		values.Set("account", a.credentials.Username)
	}
	at := *realm
	query := at.Query()
	for name, value := range values {
		query[name] = value
	}
	at.RawQuery = query.Encode()
	resp, _, err := source.Follow(&at, func(to *url.URL, away bool) (*http.Response, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil)
		if err != nil {
			return nil, fmt.Errorf("asking %s: not a usable address", source.Redact(to))
		}
		if !away && a.credentials.Username != "" && a.credentials.Password != "" {
			req.SetBasicAuth(a.credentials.Username, a.credentials.Password)
		}
		return a.at.elsewhere(req)
	})
	return resp, err
}

// post exchanges an identity token. It follows no redirect, since the token is in the body.
func (a *authorizer) post(ctx context.Context, realm *url.URL, values url.Values) (*http.Response, error) {
	values.Set("grant_type", "refresh_token")
	values.Set("refresh_token", a.credentials.IdentityToken)
	values.Set("client_id", program)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, realm.String(), strings.NewReader(values.Encode()))
	if err != nil {
		return nil, fmt.Errorf("asking %s: not a usable address", source.Redact(realm))
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return a.at.elsewhere(req)
}

// readToken reads an answer of a token server; life is 0 if it does not say.
func readToken(body io.Reader) (token string, life time.Duration, err error) {
	raw, err := io.ReadAll(io.LimitReader(body, maxTokenBody))
	if err != nil {
		return "", 0, err
	}
	var answer struct {
		Token       string  `json:"token"`
		AccessToken string  `json:"access_token"`
		ExpiresIn   float64 `json:"expires_in"` // seconds
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return "", 0, err
	}
	if answer.Token == "" {
		answer.Token = answer.AccessToken
	}
	if answer.Token == "" {
		return "", 0, errors.New("it is empty")
	}
	life = time.Duration(min(answer.ExpiresIn, maxTokenLife.Seconds()) * float64(time.Second))
	return answer.Token, life, nil
}
