package source_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports/source"
)

// serve starts a server and returns its address.
func serve(t *testing.T, h http.HandlerFunc) *url.URL {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL + "/blob")
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// newRemote makes a Remote whose origin gets a credential.
func newRemote(at *url.URL, size int64) *source.Remote {
	client := source.NewClient(nil, time.Second)
	return source.NewRemote(&source.Place{
		URL: at, Size: size, Elsewhere: client.Do, Stall: time.Second,
		Origin: func(req *http.Request) (*http.Response, error) {
			req.Header.Set("Authorization", "Bearer secret")
			return client.Do(req)
		},
	})
}

func content(w http.ResponseWriter, req *http.Request) {
	http.ServeContent(w, req, "", time.Time{}, bytes.NewReader([]byte("0123456789")))
}

func readPart(ctx context.Context, r *source.Remote, offset, length int64) (string, error) {
	body, err := r.Open(ctx, offset, length)
	if err != nil {
		return "", err
	}
	defer body.Close()
	got, err := io.ReadAll(body)
	return string(got), err
}

// Credentials go to the origin and to nowhere else, not even when another host leads back to it.
func TestCredentialsStayHome(t *testing.T) {
	var seen atomic.Pointer[[]string]
	seen.Store(&[]string{})
	note := func(who string, req *http.Request) {
		all := append(*seen.Load(), who+":"+req.Header.Get("Authorization"))
		seen.Store(&all)
	}
	var home *url.URL
	away := serve(t, func(w http.ResponseWriter, req *http.Request) {
		note("away", req)
		http.Redirect(w, req, home.String()+"/back", http.StatusFound)
	})
	home = serve(t, func(w http.ResponseWriter, req *http.Request) {
		note("home", req)
		switch req.URL.Path {
		case "/blob":
			http.Redirect(w, req, "/moved", http.StatusTemporaryRedirect)
		case "/moved":
			http.Redirect(w, req, away.String(), http.StatusTemporaryRedirect)
		default:
			content(w, req)
		}
	})
	if got, err := readPart(t.Context(), newRemote(home, 10), 2, 3); err != nil || got != "234" {
		t.Errorf("%q, %v", got, err)
	}
	want := "home:Bearer secret home:Bearer secret away: home:"
	if got := strings.Join(*seen.Load(), " "); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// A remembered host that is gone is replaced by what the origin now says.
func TestTargetGone(t *testing.T) {
	first := httptest.NewServer(http.HandlerFunc(content))
	defer first.Close()
	second := serve(t, content)
	target := atomic.Pointer[string]{}
	target.Store(&first.URL)
	home := serve(t, func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, *target.Load(), http.StatusTemporaryRedirect)
	})
	r := newRemote(home, 10)
	if got, err := readPart(t.Context(), r, 0, 2); err != nil || got != "01" {
		t.Fatal(got, err)
	}
	first.Close()
	next := second.String()
	target.Store(&next)
	if got, err := readPart(t.Context(), r, 1, 2); err != nil || got != "12" {
		t.Error(got, err)
	}
}

// Whoever waits for the origin's first answer to another part can give up.
func TestWaitingForTurn(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	home := serve(t, func(w http.ResponseWriter, req *http.Request) {
		close(asked) // a second request would panic
		<-release
		content(w, req)
	})
	r := newRemote(home, 10)
	done := make(chan error)
	go func() {
		_, err := readPart(t.Context(), r, 0, 2)
		done <- err
	}()
	<-asked
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)
	if _, err := readPart(ctx, r, 2, 2); !errors.Is(err, why) {
		t.Error(err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Time that the reader takes for itself is no stall.
func TestSlowReader(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	in, out := io.Pipe()
	body := source.Watch(in, time.Nanosecond, cancel)
	if ctx.Err() != nil {
		t.Error("cancelled before anything was read")
	}
	go func() {
		<-ctx.Done() // the watch ends the exchange, as nothing is written
		out.CloseWithError(context.Cause(ctx))
	}()
	_, err := body.Read(make([]byte, 1))
	var temporary *artifacts.TemporaryError
	if !errors.As(err, &temporary) || !strings.Contains(err.Error(), "no byte") {
		t.Error(err)
	}
	if err := body.Close(); err != nil {
		t.Error(err)
	}
}

// An answer that should have been ranged and is whole is closed at once: its bytes are not read.
func TestWholeIsNotDrained(t *testing.T) {
	sent := make(chan int64, 1)
	home := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		var n int64
		for chunk := make([]byte, 1<<20); n < 1<<30; {
			m, err := w.Write(chunk)
			n += int64(m)
			if err != nil {
				break
			}
		}
		sent <- n
	})
	if _, err := readPart(t.Context(), newRemote(home, 1<<30), 5, 5); !errors.Is(err, artifacts.ErrNoRange) {
		t.Error(err)
	}
	if n := <-sent; n > 1<<28 {
		t.Errorf("%d bytes were taken", n)
	}
}

func TestReadAfterEnd(t *testing.T) {
	r := newRemote(serve(t, content), 10)
	body, err := r.Open(t.Context(), 8, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if n, err := body.Read(nil); n != 0 || err != nil {
		t.Error(n, err)
	}
	if _, err := io.ReadAll(body); err != nil {
		t.Error(err)
	}
	for range 2 {
		if n, err := body.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Error(n, err)
		}
	}
}
