//go:build e2e

package e2e

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	fake "github.com/paddock-dev/paddock/tests/fakes/registry"
)

// The account at the primary registry of these tests.
const (
	account = "ann"
	secret  = "s3cret-of-ann"
)

// strangers are a registry that wants a password and sends readers of blobs elsewhere, and a mirror of it that is another's. Both
// record what they are sent; the place that blobs are at fails the test by itself if it sees a credential.
type strangers struct{ primary, mirror *fake.Registry }

// conf puts brand at the primary.
func (s strangers) conf() string {
	return fmt.Sprintf("[[registry]]\nprefix = %q\nlocation = \"%s/team\"\ninsecure = true\n[[registry.mirror]]\nlocation = \"%s/cache\"\ninsecure = true\n",
		brand, s.primary.Host(), s.mirror.Host())
}

// check looks at who was sent what.
func (s strangers) check(t *testing.T) {
	t.Helper()
	// the library that reads manifests answers a challenge with an empty user and password, when it has none
	nothing := "Basic " + base64.StdEncoding.EncodeToString([]byte(":"))
	pair := base64.StdEncoding.EncodeToString([]byte(account + ":" + secret))
	known := false
	for _, r := range s.primary.Requests() {
		known = known || r.Where != fake.Content && strings.Contains(r.Authorization, pair)
	}
	if !known {
		t.Error("the primary was not sent the password: this proves nothing")
	}
	if s.mirror.Count() == 0 {
		t.Error("the mirror was not asked: this proves nothing")
	}
	for _, r := range s.mirror.Requests() {
		own := strings.HasPrefix(r.Authorization, "Bearer ") && s.mirror.Issued(strings.TrimPrefix(r.Authorization, "Bearer "))
		if r.Authorization != "" && r.Authorization != nothing && !own {
			t.Errorf("the mirror was sent %q with %s %s", r.Authorization, r.Method, r.Path)
		}
	}
	if s.primary.Count(fake.Content) == 0 {
		t.Error("no blob came from the place that the primary redirects to")
	}
}

// TestMirrorCredentials: the password for a registry goes to no mirror of it, whatever that asks for, and to no place that blobs
// are redirected to; nor does its token.
func TestMirrorCredentials(t *testing.T) {
	listen := Lab{}.Listener(t)
	people := everyone(t)
	for i, c := range []struct {
		what   string
		tokens bool         // of the primary
		mirror fake.Options // lacks the blob, where it lets anybody in
	}{
		{"anonymous mirror", false, fake.Options{}},
		{"mirror that wants a password", false, fake.Options{Username: "bob", Password: "other"}},
		{"mirror that gives tokens", false, fake.Options{Tokens: true}},
		{"tokens", true, fake.Options{}},
		{"tokens, mirror wants password", true, fake.Options{Username: "bob", Password: "other"}},
		{"tokens everywhere", true, fake.Options{Tokens: true}},
	} {
		t.Run(c.what, func(t *testing.T) {
			c.mirror.Listen = listen
			s := strangers{
				primary: fake.New(t, &fake.Options{Username: account, Password: secret, Tokens: c.tokens, Redirect: true, Listen: listen}),
				mirror:  fake.New(t, &c.mirror),
			}
			content := []byte(strings.Repeat("a model ", 1000))
			s.primary.PutModel("team/tiny", "1", content)
			_, layer := s.mirror.PutModel("cache/tiny", "1", content)
			s.mirror.DropBlob(layer)
			who := people[i%len(people)]
			who.configure(t, "registries.conf.d/lab.conf", s.conf())
			who.loggedIn(t, s, func(what string, flags ...string) {
				s.primary.Forget()
				s.mirror.Forget()
				r := who.pull(t, append(flags, brand+"/tiny:1")...)
				if r.Code != 0 || strings.Contains(r.Stdout+r.Stderr, secret) {
					t.Fatalf("%s, %s: exit %d, %s", who.name, what, r.Code, r.Stderr)
				}
				s.check(t)
				who.MustRun(t, "paddock", "rm", brand+"/tiny:1")
			})
		})
	}
}

// loggedIn runs pull with each way to give the password for the primary alone.
func (p place) loggedIn(t *testing.T, s strangers, pull func(what string, flags ...string)) {
	t.Helper()
	login := []string{"podman", "login", "--tls-verify=false", "-u", account, "-p", secret}
	p.MustRun(t, append(login, s.primary.Host())...)
	pull("podman login")
	p.MustRun(t, "podman", "logout", s.primary.Host())
	file := strings.TrimSpace(p.MustRun(t, "mktemp", "-u", "/tmp/auth.XXXXXX.json"))
	p.MustRun(t, append(login, "--authfile", file, s.primary.Host()+"/team")...)
	pull("--authfile", "--authfile", file)
}

// TestMirrorGivenCredentials: --creds is for the registry that is named, and reaches neither its mirror nor the place that blobs
// are redirected to. Behind a rewritten location it is for nobody, as with Podman: the hint names who wants a password.
func TestMirrorGivenCredentials(t *testing.T) {
	listen := Lab{}.Listener(t)
	s := strangers{
		primary: fake.New(t, &fake.Options{Username: account, Password: secret, Redirect: true, Listen: listen}),
		mirror:  fake.New(t, &fake.Options{Username: "bob", Password: "other", Listen: listen}),
	}
	s.primary.PutModel("team/tiny", "1", []byte("a model"))
	direct := s.primary.Host() + "/team/tiny:1"
	conf := strings.Replace(s.conf(), fmt.Sprintf("prefix = %q\n", brand), "", 1)
	for _, who := range everyone(t) {
		who.configure(t, "registries.conf.d/lab.conf", conf)
		s.primary.Forget()
		s.mirror.Forget()
		if r := who.pull(t, "--creds", account+":"+secret, direct); r.Code != 0 {
			t.Fatalf("%s: exit %d, %s", who.name, r.Code, r.Stderr)
		}
		s.check(t)
		who.MustRun(t, "paddock", "rm", direct)

		who.configure(t, "registries.conf.d/lab.conf", s.conf())
		r := who.pull(t, "--creds", account+":"+secret, brand+"/tiny:1")
		if r.Code != 4 || !strings.Contains(r.Stderr, "hint: paddock login "+s.primary.Host()+"\n") || !strings.Contains(r.Stderr, brand+"/tiny:1") || strings.Contains(r.Stderr, secret) {
			t.Errorf("%s, rewritten: exit %d, %s", who.name, r.Code, r.Stderr)
		}
	}
}
