package registry_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	fake "github.com/paddock-dev/paddock/tests/fakes/registry"
)

func contextWithCause(t *testing.T) (context.Context, context.CancelCauseFunc) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	t.Cleanup(func() { cancel(nil) })
	return ctx, cancel
}

func TestCredentials(t *testing.T) {
	for _, c := range []struct {
		name  string
		fake  fake.Options
		login func(*machine, string)
		ok    bool
	}{
		{"basic, file", fake.Options{Username: "u", Password: "p"}, func(m *machine, h string) { m.login(h, "u", "p", nil) }, true},
		{"basic, namespace", fake.Options{Username: "u", Password: "p"}, func(m *machine, h string) { m.login(h+"/org", "u", "p", nil) }, true},
		{"basic, other namespace", fake.Options{Username: "u", Password: "p"}, func(m *machine, h string) { m.login(h+"/other", "u", "p", nil) }, false},
		{"basic, options", fake.Options{Username: "u", Password: "p"}, func(m *machine, _ string) { m.o.Username, m.o.Password = "u", "p" }, true},
		{"basic, wrong", fake.Options{Username: "u", Password: "p"}, func(m *machine, h string) { m.login(h, "u", "wrong-secret", nil) }, false},
		{"basic, none", fake.Options{Username: "u", Password: "p"}, func(*machine, string) {}, false},
		{"token, anonymous", fake.Options{Tokens: true}, func(*machine, string) {}, true},
		{"token, password", fake.Options{Tokens: true, Username: "u", Password: "p"}, func(m *machine, h string) { m.login(h, "u", "p", nil) }, true},
		{"token, wrong", fake.Options{Tokens: true, Username: "u", Password: "p"}, func(m *machine, h string) { m.login(h, "u", "wrong-secret", nil) }, false},
		{"token, identity", fake.Options{Tokens: true, Username: "u", Password: "p", IdentityToken: "id"},
			func(m *machine, h string) { m.login(h, "u", "", map[string]string{"identitytoken": "id"}) }, true},
		{"token, wrong identity", fake.Options{Tokens: true, Username: "u", Password: "p", IdentityToken: "id"},
			func(m *machine, h string) { m.login(h, "u", "", map[string]string{"identitytoken": "wrong-secret"}) }, false},
		{"token, more scope", fake.Options{Tokens: true, ExtraScope: "repository:up/stream:pull"}, func(*machine, string) {}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			reg := fake.New(t, &c.fake)
			reg.PutModel("org/m", "v1", data(100))
			m := newMachine(t, reg)
			c.login(m, reg.Host())
			plan, err := m.resolver().Resolve(t.Context(), reg.Host()+"/org/m:v1")
			_, headErr := m.resolver().Head(t.Context(), reg.Host()+"/org/m:v1")
			if !c.ok {
				for _, err := range []error{err, headErr} {
					if !errors.Is(err, artifacts.ErrAuthentication) || !strings.Contains(err.Error(), reg.Host()) || strings.Contains(err.Error(), "secret") {
						t.Error(err)
					}
				}
				return
			}
			if err != nil || headErr != nil {
				t.Fatal(err, headErr)
			}
			if _, err := read(t, plan.Blobs[1].Open, 10, 20); err != nil {
				t.Error(err)
			}
		})
	}
}

// A token that ends in the middle of a pull is replaced, once for all parts.
func TestTokenEnds(t *testing.T) {
	reg, open := published(t, &fake.Options{Tokens: true, Username: "u", Password: "p"}, data(100))
	for range 3 {
		if _, err := read(t, open, 0, 10); err != nil {
			t.Fatal(err)
		}
	}
	if n := reg.Count(fake.Token); n != 1 {
		t.Errorf("%d tokens", n)
	}
	reg.ExpireTokens()
	for range 3 {
		if _, err := read(t, open, 0, 10); err != nil {
			t.Fatal(err)
		}
	}
	if n := reg.Count(fake.Token); n != 2 {
		t.Errorf("%d tokens", n)
	}
	// Refused for good: asked for one more token, and not for ever.
	reg.Break(fake.Fault{Where: fake.Blob, Status: 401})
	if _, err := read(t, open, 0, 10); !errors.Is(err, artifacts.ErrAuthentication) {
		t.Error(err)
	}
	if n := reg.Count(fake.Token); n != 3 {
		t.Errorf("%d tokens", n)
	}
}

func TestTokenServerFails(t *testing.T) {
	for _, f := range []fake.Fault{{Status: 503}, {Status: 429}, {Reset: true}, {StallAfter: -1}} {
		reg, open := published(t, &fake.Options{Tokens: true}, data(100))
		f.Where = fake.Token
		reg.Break(f)
		_, err := read(t, open, 0, 10)
		var temporary *artifacts.TemporaryError
		if !errors.As(err, &temporary) {
			t.Errorf("%+v: %v", f, err)
		}
	}
	for _, header := range []http.Header{{"Location": {"http://127.0.0.1:1/token"}}} {
		reg, open := published(t, &fake.Options{Tokens: true}, data(100))
		reg.Break(fake.Fault{Where: fake.Token, Status: 307, Header: header})
		if _, err := read(t, open, 0, 10); err == nil || strings.Contains(err.Error(), "scope=") {
			t.Error(err)
		}
	}
}

// Credentials that came over TLS are not sent in clear text to wherever a challenge says. Head alone is asked here: the
// library that reads manifests has no such rule.
func TestRealmInClear(t *testing.T) {
	thief := fake.New(t, nil)
	reg := fake.New(t, &fake.Options{TLS: true, Tokens: true, Username: "u", Password: "p", Realm: thief.Scheme() + "://" + thief.Host() + "/token"})
	m := newMachine(t)
	m.login(reg.Host(), "u", "p", nil)
	m.write("certs.d/"+reg.Host()+"/ca.crt", string(reg.CA()))
	_, err := m.resolver().Head(t.Context(), reg.Host()+"/org/m:v1")
	if !errors.Is(err, artifacts.ErrAuthentication) || thief.Count() != 0 {
		t.Errorf("%v, %d requests", err, thief.Count())
	}
}
