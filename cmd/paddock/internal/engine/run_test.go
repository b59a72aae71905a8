package engine

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestRun(t *testing.T) {
	var out, errs strings.Builder
	err := Run(t.Context(), []string{"sh", "-c", "cat; echo oops >&2"}, &Streams{In: strings.NewReader("hello"), Out: &out, Err: &errs})
	if err != nil || out.String() != "hello" || errs.String() != "oops\n" {
		t.Errorf("got %q, %q, %v", out.String(), errs.String(), err)
	}
	for script, want := range map[string]int{"exit 125": 125, "exit 1": 1, "kill -9 $$": 137} {
		var exit *ExitError
		err := Run(t.Context(), []string{"/bin/sh", "-c", script}, nil)
		if !errors.As(err, &exit) || exit.ExitCode() != want || exit.Name != "sh" || errors.Unwrap(exit) == nil {
			t.Errorf("%s: got %v", script, err)
		}
	}
	var exit *ExitError
	if err := Run(t.Context(), []string{"/nonexistent/podman"}, nil); err == nil || errors.As(err, &exit) || !strings.Contains(err.Error(), "podman") {
		t.Errorf("a program that is not there: %v", err)
	}
	if err := Run(t.Context(), nil, nil); err == nil {
		t.Error("nothing was run")
	}
}

// TestRunCancelled: a process that heeds SIGTERM ends by itself; one that does not is killed after the grace.
func TestRunCancelled(t *testing.T) {
	for what, c := range map[string]struct {
		script, says string
		grace        time.Duration
	}{
		"heeds":   {"trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done", "bye\n", time.Minute},
		"ignores": {"trap '' TERM; echo ready; while :; do sleep 0.01; done", "", 10 * time.Millisecond},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		because := errors.New("interrupt signal received")
		r, w := io.Pipe()
		rest := make(chan string, 1)
		go func() {
			b := bufio.NewReader(r)
			if line, err := b.ReadString('\n'); err != nil || line != "ready\n" {
				t.Errorf("%s: got %q, %v", what, line, err)
			}
			cancel(because)
			all, err := io.ReadAll(b)
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
			rest <- string(all)
		}()
		err := Run(ctx, []string{"sh", "-c", c.script}, &Streams{Out: w, Grace: c.grace})
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if !errors.Is(err, context.Canceled) || !errors.Is(err, because) {
			t.Errorf("%s: got %v", what, err)
		}
		if got := <-rest; got != c.says {
			t.Errorf("%s: said %q at the end", what, got)
		}
	}
}

func TestRunning(t *testing.T) {
	for script, want := range map[string]struct {
		running bool
		state   string
	}{
		"echo running 0":  {true, "running 0"},
		"echo exited 137": {false, "exited 137"},
	} {
		running, state, err := Running(t.Context(), &Podman{Path: writeProgram(t, "podman", script)}, "m")
		if err != nil || running != want.running || state != want.state {
			t.Errorf("%s: got %t, %q, %v", script, running, state, err)
		}
	}
	_, _, err := Running(t.Context(), &Podman{Path: writeProgram(t, "podman", "echo no such container >&2; exit 125")}, "m")
	if err == nil || !strings.Contains(err.Error(), "no such container") {
		t.Errorf("got %v", err)
	}
}

func TestWaitHealthy(t *testing.T) {
	var asked atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/health" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		if asked.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable) // as llama-server does while it loads
		}
	}))
	defer srv.Close()
	if err := WaitHealthy(t.Context(), srv.URL+"/health", &WaitOptions{Interval: time.Millisecond}); err != nil || asked.Load() != 3 {
		t.Errorf("asked %d times, %v", asked.Load(), err)
	}
}

func TestWaitHealthyGivesUp(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusFound) // 200 from elsewhere would not be health
	}))
	defer srv.Close()
	gone := errors.New("the container exited")
	opts := &WaitOptions{Interval: time.Millisecond, Exited: func(context.Context) error { return gone }}
	if err := WaitHealthy(t.Context(), srv.URL, opts); !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	opts.Exited = func(context.Context) error { cancel(); return nil }
	if err := WaitHealthy(ctx, srv.URL, opts); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "302") {
		t.Errorf("got %v", err)
	}
	if err := WaitHealthy(t.Context(), "http://127.0.0.1:bad", nil); err == nil {
		t.Error("a bad address was waited for")
	}
}
