//go:build faults

package faults

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/tests/faults/proxy"
)

// steady is what each connection carries where bytes are counted that a killed program had not got: slower than any client,
// so that none wait in the kernel.
const steady = 24 * mib

// site is the registry behind a proxy, and the store that is pulled into.
type site struct {
	*proxy.Proxy
	store store
	env   []string
}

// newSite starts a proxy. rate is that of each connection in bytes a second; 0: as fast as it goes.
func newSite(t *testing.T, rate int64) *site {
	t.Helper()
	return &site{Proxy: newProxy(t, &proxy.Options{Target: registryAddr, Rate: rate}), store: store{root: graphRoot}}
}

func newProxy(t *testing.T, o *proxy.Options) *proxy.Proxy {
	t.Helper()
	p, err := proxy.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func (s *site) name(m *model) string { return s.Addr() + "/" + m.path }

// pull starts a pull.
func (s *site) pull(t *testing.T, m *model, flags ...string) *process {
	t.Helper()
	return start(t, s.env, append(append([]string{"paddock", "pull", "--progress=plain", "--tls-verify=false"}, flags...), s.name(m))...)
}

// lands pulls, and wants the model to be there afterwards.
func (s *site) lands(t *testing.T, m *model, flags ...string) {
	t.Helper()
	p := s.pull(t, m, flags...)
	if code := p.code(t); code != 0 {
		t.Fatalf("the pull: exit %d\n%s", code, p.errs.String())
	}
	if want := s.name(m) + " " + m.digest; !strings.Contains(p.out.String(), want) {
		t.Errorf("the pull printed %q, want %s", p.out.String(), want)
	}
	s.wantNames(t, m)
}

// fails waits for a pull that has to end so, and to say so; nothing may be left in the store.
func (s *site) fails(t *testing.T, p *process, code int, says ...string) {
	t.Helper()
	if got := p.code(t); got != code {
		t.Errorf("exit %d, want %d\n%s", got, code, p.errs.String())
	}
	for _, text := range says {
		if !strings.Contains(p.errs.String(), text) {
			t.Errorf("it does not say %q:\n%s", text, p.errs.String())
		}
	}
	s.wantNames(t)
}

// wantNames checks the store, and that it has these models and no other, Podman says so too.
func (s *site) wantNames(t *testing.T, models ...*model) {
	t.Helper()
	want := map[string]string{}
	for _, m := range models {
		want[s.name(m)] = m.digest
	}
	s.store.check(t, s.env, want)
}

// recovers ends a case: nothing is broken any more, the next pull succeeds, every byte is right, and nothing is left aside.
func (s *site) recovers(t *testing.T, m *model) {
	t.Helper()
	s.Spoil(nil)
	s.lands(t, m)
	s.store.verify(t)
	s.wantNoStaging(t)
	must(t, s.env, "paddock", "rm", s.name(m))
	s.wantNames(t)
}

// wantNoStaging wants no file where downloads wait.
func (s *site) wantNoStaging(t *testing.T) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(s.store.root, "paddock/staging/*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range left {
		info, err := os.Lstat(path)
		if err != nil {
			t.Error(err)
			continue
		}
		t.Errorf("left in staging: %s, %d bytes", path, info.Size())
	}
}
