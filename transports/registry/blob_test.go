package registry_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paddock-dev/paddock/artifacts"
	fake "github.com/paddock-dev/paddock/tests/fakes/registry"
)

// published starts a registry with one model, and returns the opener of its layer.
func published(t *testing.T, o *fake.Options, content []byte) (*fake.Registry, artifacts.Opener) {
	t.Helper()
	reg := fake.New(t, o)
	reg.PutModel("org/m", "v1", content)
	m := newMachine(t, reg)
	m.o.Stall = 10 * short
	if o != nil && o.Username != "" {
		m.login(reg.Host(), o.Username, o.Password, nil)
	}
	open := m.resolve(reg.Host() + "/org/m:v1").Blobs[1].Open
	reg.Forget()
	return reg, open
}

func TestOpen(t *testing.T) {
	content := data(5000)
	for name, o := range map[string]*fake.Options{
		"anonymous": nil,
		"redirect":  {Redirect: true},
		"etags":     {Redirect: true, ETagChanges: true},
		"basic":     {Redirect: true, Username: "u", Password: "p"},
		"token":     {Redirect: true, Username: "u", Password: "p", Tokens: true},
	} {
		_, open := published(t, o, content)
		for _, c := range []struct{ offset, length, end int64 }{
			{0, -1, 5000}, {0, 5000, 5000}, {0, 1, 1}, {4999, 1, 5000}, {1000, 2000, 3000}, {3000, -1, 5000}, {5000, -1, 5000}, {7, 0, 7},
		} {
			got, err := read(t, open, c.offset, c.length)
			if err != nil || !bytes.Equal(got, content[c.offset:c.end]) {
				t.Errorf("%s: %+v: %d bytes, %v", name, c, len(got), err)
			}
		}
	}
}

func TestOpenOutside(t *testing.T) {
	reg, open := published(t, nil, data(10))
	for _, c := range [][2]int64{{-1, 1}, {0, 11}, {11, -1}, {5, 6}, {0, -2}, {1, 1<<63 - 1}} {
		if _, err := read(t, open, c[0], c[1]); err == nil {
			t.Errorf("%v: no error", c)
		}
	}
	if n := reg.Count(); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// A server that does anything else than send exactly the part is caught, and nothing wrong is passed on as right.
func TestOpenOddAnswers(t *testing.T) {
	content := data(5000)
	for _, c := range []struct {
		name      string
		fault     fake.Fault
		want      error
		temporary bool
	}{
		{"range ignored", fake.Fault{IgnoreRange: true}, artifacts.ErrNoRange, false},
		{"other part", fake.Fault{ContentRange: "bytes 0-99/5000"}, artifacts.ErrNoRange, false},
		{"unknown size", fake.Fault{ContentRange: "bytes 100-199/*"}, artifacts.ErrNoRange, false},
		{"no range", fake.Fault{ContentRange: "nonsense"}, artifacts.ErrNoRange, false},
		{"other size", fake.Fault{ContentRange: "bytes 100-199/6000"}, artifacts.ErrVerification, false},
		{"compressed", fake.Fault{Gzip: true}, artifacts.ErrVerification, false},
		{"too short", fake.Fault{ShortBy: 10}, io.ErrUnexpectedEOF, true},
		{"too long", fake.Fault{LongBy: 1}, artifacts.ErrVerification, false},
		{"not satisfiable", fake.Fault{Status: 416}, nil, false},
		{"gone", fake.Fault{Status: 404}, nil, false},
		{"forbidden", fake.Fault{Status: 403}, artifacts.ErrAuthentication, false},
		{"unauthorized", fake.Fault{Status: 401}, artifacts.ErrAuthentication, false},
		{"failing", fake.Fault{Status: 500}, nil, true},
		{"unavailable", fake.Fault{Status: 503}, nil, true},
		{"reset", fake.Fault{Reset: true}, nil, true},
		{"no answer", fake.Fault{StallAfter: -1}, nil, true},
		{"stall", fake.Fault{StallAfter: 10}, nil, true},
	} {
		reg, open := published(t, nil, content)
		c.fault.Where = fake.Blob
		reg.Break(c.fault)
		got, err := read(t, open, 100, 100)
		var temporary *artifacts.TemporaryError
		if err == nil || (c.want != nil && !errors.Is(err, c.want)) || errors.As(err, &temporary) != c.temporary {
			t.Errorf("%s: %v", c.name, err)
		}
		if !bytes.HasPrefix(content[100:200], got) {
			t.Errorf("%s: wrong bytes", c.name)
		}
	}
}

// What cannot be had in parts can be had as a whole, if the whole is right.
func TestOpenWhole(t *testing.T) {
	content := data(5000)
	reg, open := published(t, nil, content)
	reg.Break(fake.Fault{Where: fake.Blob, IgnoreRange: true})
	if _, err := read(t, open, 0, 5000); !errors.Is(err, artifacts.ErrNoRange) {
		t.Error(err)
	}
	if got, err := read(t, open, 0, -1); err != nil || !bytes.Equal(got, content) {
		t.Error(err)
	}
	if last := reg.Requests()[len(reg.Requests())-1]; last.Range != "" {
		t.Errorf("asked for %s", last.Range)
	}
	for _, f := range []fake.Fault{{Gzip: true}, {ShortBy: 1}, {LongBy: 1}, {Status: 206}} {
		reg.Repair()
		f.Where = fake.Blob
		reg.Break(f)
		if _, err := read(t, open, 0, -1); err == nil {
			t.Errorf("%+v: no error", f)
		}
	}
}

func TestOpenRetryAfter(t *testing.T) {
	for header, want := range map[string]time.Duration{"7": 7 * time.Second, "": 0, "soon": 0, "999999999": 24 * time.Hour} {
		reg, open := published(t, nil, data(10))
		reg.Break(fake.Fault{Where: fake.Blob, Status: 429, Header: http.Header{"Retry-After": {header}}})
		_, err := read(t, open, 0, 5)
		var temporary *artifacts.TemporaryError
		if !errors.As(err, &temporary) || temporary.RetryAfter != want {
			t.Errorf("%q: %v", header, err)
		}
	}
}

// The address that a blob is redirected to serves all its parts, until it refuses.
func TestOpenRedirectOnce(t *testing.T) {
	content := data(64000)
	reg, open := published(t, &fake.Options{Redirect: true, Tokens: true}, content)
	parts := func() {
		var wait sync.WaitGroup
		for i := range int64(16) {
			wait.Go(func() {
				if got, err := read(t, open, i*4000, 4000); err != nil || !bytes.Equal(got, content[i*4000:(i+1)*4000]) {
					t.Errorf("part %d: %v", i, err)
				}
			})
		}
		wait.Wait()
	}
	parts()
	if n := reg.Count(fake.Blob); n != 1 {
		t.Errorf("%d requests to the registry", n)
	}
	if n := reg.Count(fake.Content); n != 16 {
		t.Errorf("%d requests to the content host", n)
	}
	reg.ExpireSignatures()
	parts()
	if n := reg.Count(fake.Blob); n != 2 {
		t.Errorf("%d requests to the registry after the address ended", n)
	}
	for _, status := range []int{401, 404, 410} {
		reg.Break(fake.Fault{Where: fake.Content, Times: 1, Status: status})
		if _, err := read(t, open, 0, 10); err != nil {
			t.Errorf("%d: %v", status, err)
		}
	}
	if n := reg.Count(fake.Blob); n != 5 {
		t.Errorf("%d requests to the registry in all", n)
	}
}

// A signed address that says that it is over is not tried again.
func TestOpenExpiredAddress(t *testing.T) {
	reg, open := published(t, &fake.Options{Redirect: true, SignedUntil: "1000000000"}, data(100))
	for range 3 {
		if _, err := read(t, open, 0, 10); err != nil {
			t.Error(err)
		}
	}
	if blob, content := reg.Count(fake.Blob), reg.Count(fake.Content); blob != 3 || content != 3 {
		t.Errorf("%d and %d requests", blob, content)
	}
}

// A content host that refuses a fresh address says nothing about the registry's credentials; and no error quotes the address.
func TestOpenContentHostFails(t *testing.T) {
	for _, f := range []fake.Fault{{Status: 403}, {Status: 404}, {Reset: true}, {IgnoreRange: true}, {ShortBy: 1}, {StallAfter: 1}} {
		reg, open := published(t, &fake.Options{Redirect: true}, data(100))
		f.Where = fake.Content
		reg.Break(f)
		_, err := read(t, open, 0, 10)
		if err == nil || errors.Is(err, artifacts.ErrAuthentication) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

func TestOpenBadRedirects(t *testing.T) {
	for _, to := range []string{"", "ftp://example.com/x", "file:///etc/passwd", "/v2/org/m/blobs/sha256:loop", "http://[bad?X-Amz-Signature=secret", "/%zz?sig=secret"} {
		reg, open := published(t, nil, data(100))
		reg.Break(fake.Fault{Where: fake.Blob, Status: 307, Header: http.Header{"Location": {to}}})
		_, err := read(t, open, 0, 10)
		if err == nil || !regexp.MustCompile("redirect|Location").MatchString(err.Error()) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", to, err)
		}
		if n := reg.Count(fake.Blob); n > 11 {
			t.Errorf("%q: %d requests", to, n)
		}
	}
}

// An end of the context is passed on as what it is: nobody should try again.
func TestOpenCancelled(t *testing.T) {
	reg, open := published(t, nil, data(100))
	reg.Break(fake.Fault{Where: fake.Blob, StallAfter: 10})
	why := errors.New("enough")
	ctx, cancel := contextWithCause(t)
	body, err := open(ctx, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if _, err := io.ReadFull(body, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	cancel(why)
	_, err = io.ReadAll(body)
	var temporary *artifacts.TemporaryError
	if !errors.Is(err, why) || errors.As(err, &temporary) {
		t.Error(err)
	}
	if _, err := open(ctx, 0, 100); !errors.Is(err, why) {
		t.Error(err)
	}
}
