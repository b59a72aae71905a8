package cli

import (
	"bytes"
	"context"
	"io"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/memstore"
)

// hookedStore calls a function, once, when a model was found by a name.
type hookedStore struct {
	*memstore.Store
	name  string
	found func()
	begun atomic.Bool
}

func (s *hookedStore) Find(ctx context.Context, query string) (*artifacts.Model, error) {
	m, err := s.Store.Find(ctx, query)
	if query == s.name && err == nil && !s.begun.Swap(true) {
		s.found()
	}
	return m, err
}

// aside starts a command beside the one that is running, and returns when it has ended or says that it waits. The channel has its
// exit code in the end.
func (w *world) aside(t *testing.T, args ...string) <-chan int {
	t.Helper()
	said, saying := io.Pipe()
	env := *w.env
	env.Out, env.Err = &bytes.Buffer{}, saying
	code := make(chan int, 1)
	go func() {
		code <- ExitCode(Run(t.Context(), &env, args))
		saying.Close()
	}()
	text := make([]byte, 4096)
	n, err := said.Read(text)
	if err == nil && !strings.Contains(string(text[:n]), "waiting for another paddock") {
		t.Errorf("said %q", text[:n])
	}
	go func() { _, _ = io.Copy(io.Discard, said) }()
	return code
}

// oneAtATime lets the fake systemd be asked from two commands.
func (w *world) oneAtATime() {
	var mu sync.Mutex
	ask := w.env.Services.Quiet
	w.env.Services.Quiet = func(ctx context.Context, argv []string) ([]byte, []byte, error) {
		mu.Lock()
		defer mu.Unlock()
		return ask(ctx, argv)
	}
}

// TestQuadletRmBesideInstall: while a unit is being installed, no rm of another takes its pin for unneeded. The rm begins when
// the install has found the pin, and has not written the unit.
func TestQuadletRmBesideInstall(t *testing.T) {
	w := newWorld(t)
	w.oneAtATime()
	o := w.publish(t, tiny)
	pin := "quay.io/org/tiny@" + o.Plan.Digest.String()
	w.must(t, "quadlet", "install", "--name", "one", tiny)
	var rm <-chan int
	store := &hookedStore{Store: w.store, name: pin, found: func() { rm = w.aside(t, "quadlet", "rm", "one") }}
	w.env.Services.Store = func(context.Context, *Env) (artifacts.Store, error) { return store, nil }
	w.must(t, "quadlet", "install", "--name", "two", "--port", "9000", tiny)
	if rm == nil {
		t.Fatal("the pin was never looked for")
	}
	if code := <-rm; code != 0 {
		t.Errorf("rm: exit %d", code)
	}
	if got := w.names(t); !reflect.DeepEqual(got, []string{tiny, pin}) || exists(w.systemd.dir+"/one.container") {
		t.Errorf("the store has %q, unit one %v", got, exists(w.systemd.dir+"/one.container"))
	}
	w.must(t, "quadlet", "rm", "two")
	if got := w.names(t); !reflect.DeepEqual(got, []string{tiny}) {
		t.Errorf("after rm of both the store has %q", got)
	}
}

// TestQuadletInstallTwice: the same name twice at once is installed once, and the pin is the winner's.
func TestQuadletInstallTwice(t *testing.T) {
	w := newWorld(t)
	w.oneAtATime()
	o := w.publish(t, tiny)
	w.must(t, "pull", tiny)
	other := w.publish(t, "quay.io/org/tiny:2")
	w.must(t, "pull", "quay.io/org/tiny:2")
	pin := "quay.io/org/tiny@" + o.Plan.Digest.String()
	var second <-chan int
	store := &hookedStore{Store: w.store, name: pin, found: func() {
		second = w.aside(t, "quadlet", "install", "--name", "svc", "quay.io/org/tiny:2")
	}}
	w.env.Services.Store = func(context.Context, *Env) (artifacts.Store, error) { return store, nil }
	w.must(t, "quadlet", "install", "--name", "svc", tiny)
	if second == nil {
		t.Fatal("the pin was never looked for")
	}
	if code := <-second; code != 1 {
		t.Errorf("the second: exit %d", code)
	}
	if unit := w.must(t, "quadlet", "print", "svc"); !strings.Contains(unit, o.Plan.Digest.String()) || strings.Contains(unit, other.Plan.Digest.String()) {
		t.Errorf("the unit is\n%s", unit)
	}
	if got := w.names(t); !reflect.DeepEqual(got, []string{tiny, "quay.io/org/tiny:2", pin}) {
		t.Errorf("the store has %q", got)
	}
}
