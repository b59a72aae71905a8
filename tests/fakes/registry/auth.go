package registry

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// service is the name of the registry at its token server.
const service = "fake-registry"

// TokenLife is what a token server claims in seconds; what really ends tokens is ExpireTokens.
const TokenLife = 300

// ExpireTokens ends all bearer tokens that were given out.
func (r *Registry) ExpireTokens() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.tokens)
}

// ExpireSignatures ends all signed addresses that were given out.
func (r *Registry) ExpireSignatures() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.signatures)
}

// sign makes a signature for an address.
func (r *Registry) sign() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.serial++
	s := fmt.Sprintf("signed-secret-%d", r.serial)
	r.signatures[s] = true
	return s
}

// authorized checks a request's credentials, and refuses it if they are not good.
func (r *Registry) authorized(w http.ResponseWriter, req *http.Request, repository string) bool {
	switch {
	case r.o.Tokens:
		return r.hasToken(w, req, repository)
	case r.o.Username != "":
		user, password, ok := req.BasicAuth()
		if ok && user == r.o.Username && password == r.o.Password {
			return true
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="fake"`)
		r.refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
		return false
	}
	if req.Header.Get("Authorization") != "" {
		r.t.Errorf("registry: credentials that nobody asked for in %s %s", req.Method, req.URL.Path)
	}
	return true
}

func (r *Registry) hasToken(w http.ResponseWriter, req *http.Request, repository string) bool {
	token, found := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
	r.mu.Lock()
	scopes, known := r.tokens[token]
	r.mu.Unlock()
	wanted := []string{}
	if repository != "" {
		wanted = append(wanted, scope(req, repository))
		if from := req.URL.Query().Get("from"); from != "" {
			wanted = append(wanted, "repository:"+from+":pull")
		}
		if r.o.ExtraScope != "" {
			wanted = append(wanted, r.o.ExtraScope)
		}
	}
	missing := slices.DeleteFunc(wanted, func(s string) bool {
		held := strings.Fields(scopes)
		return slices.Contains(held, s) || slices.Contains(held, s+",push")
	})
	if known && len(missing) == 0 {
		return true
	}
	realm := r.o.Realm
	if realm == "" {
		realm = r.main.URL + "/token"
	}
	challenge := fmt.Sprintf(`Bearer realm="%s",service="%s"`, realm, service)
	switch {
	case known:
		challenge += fmt.Sprintf(`,scope="%s",error="insufficient_scope"`, missing[0])
	case found:
		challenge += `,error="invalid_token"`
	}
	w.Header().Set("WWW-Authenticate", challenge)
	r.refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
	return false
}

// scope is what a request needs.
func scope(req *http.Request, repository string) string {
	if req.Method == http.MethodGet || req.Method == http.MethodHead {
		return "repository:" + repository + ":pull"
	}
	return "repository:" + repository + ":pull,push"
}

// serveToken is the token server, for GET with a password and for POST with an identity token.
func (r *Registry) serveToken(w http.ResponseWriter, req *http.Request) {
	if err := req.ParseForm(); err != nil || req.Form.Get("service") != service {
		r.t.Errorf("registry: a token is asked for with the form %v (%v)", req.Form, err)
	}
	user, password, _ := req.BasicAuth()
	switch {
	case r.o.IdentityToken != "" && req.Method == http.MethodPost:
		if req.PostForm.Get("grant_type") != "refresh_token" || req.PostForm.Get("refresh_token") != r.o.IdentityToken {
			r.refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "bad identity token")
			return
		}
	case req.Method != http.MethodGet:
		r.refuse(w, http.StatusMethodNotAllowed, "UNSUPPORTED", "GET only")
		return
	case user != r.o.Username || password != r.o.Password:
		r.refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "incorrect username or password")
		return
	}
	r.mu.Lock()
	r.serial++
	_, port, _ := strings.Cut(r.Host(), ":")
	token := fmt.Sprintf("token-secret-%s-%d", port, r.serial) // no other registry's
	r.tokens[token] = strings.Join(req.Form["scope"], " ")
	r.mu.Unlock()
	fmt.Fprintf(w, `{"token":%q,"expires_in":%d}`, token, TokenLife)
}

// Issued says whether a bearer token was given out here and is still good.
func (r *Registry) Issued(token string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.tokens[token]
	return ok
}
