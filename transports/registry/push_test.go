package registry_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	fake "github.com/paddock-dev/paddock/tests/fakes/registry"
	"github.com/paddock-dev/paddock/transports/registry"
)

// pushing is a model at one registry, and another registry to push it to.
type pushing struct {
	*machine
	to    *fake.Registry
	plan  *artifacts.Plan
	layer digest.Digest
	o     registry.PushOptions
}

const pushed = 1 << 20

func newPushing(t *testing.T, o *fake.Options) *pushing {
	t.Helper()
	from := fake.New(t, nil)
	o.Writable = true
	p := &pushing{to: fake.New(t, o)}
	p.machine = newMachine(t, from, p.to)
	_, p.layer = from.PutModel("org/m", "1", data(pushed))
	p.plan = p.resolve(from.Host() + "/org/m:1")
	p.o = registry.PushOptions{Chunk: 100 << 10, Sessions: t.TempDir()}
	return p
}

func (p *pushing) push(t *testing.T, name string) error {
	t.Helper()
	dest, err := artifacts.ParseName(p.to.Host() + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return p.resolver().Push(t.Context(), p.plan, dest, &p.o)
}

// there says that the registry has the model, byte for byte.
func (p *pushing) there(t *testing.T, name string) {
	t.Helper()
	got := p.resolve(p.to.Host() + "/" + name)
	if !bytes.Equal(got.Manifest, p.plan.Manifest) || !bytes.Equal(p.to.Blob(p.layer), data(pushed)) {
		t.Error("the registry has something else")
	}
	if left, err := filepath.Glob(p.o.Sessions + "/*"); err != nil || len(left) > 0 {
		t.Errorf("sessions are left: %v, %v", left, err)
	}
}

func TestPush(t *testing.T) {
	for what, o := range map[string]fake.Options{
		"plain":        {},
		"no chunks":    {NoChunks: true},
		"no location":  {NoLocation: true},
		"large chunks": {MinChunk: 1 << 30},
		"tokens":       {Tokens: true, Username: "ann", Password: "secret"},
		"basic":        {Username: "ann", Password: "secret"},
		"redirects":    {Redirect: true},
		"no mounts":    {NoMounts: true, Tokens: true, Username: "ann", Password: "secret"},
	} {
		t.Run(what, func(t *testing.T) {
			p := newPushing(t, &o)
			p.login(p.to.Host(), "ann", "secret", nil)
			if err := p.push(t, "a/m:1"); err != nil {
				t.Fatal(err)
			}
			p.there(t, "a/m:1")
			p.to.Forget()
			if err := p.push(t, "a/m:1"); err != nil || p.to.BytesTaken() != 0 || p.to.Count(fake.Upload) != 0 {
				t.Errorf("a second time: %v, %d bytes in %d requests", err, p.to.BytesTaken(), p.to.Count(fake.Upload))
			}
			p.to.Forget()
			p.o.Has = func(digest.Digest) []artifacts.Name {
				n, err := artifacts.ParseName(p.to.Host() + "/a/m:1")
				if err != nil {
					t.Error(err)
				}
				return []artifacts.Name{n}
			}
			if err := p.push(t, "b/m@"+p.plan.Digest.String()); err != nil || o.NoMounts == (p.to.BytesTaken() == 0) {
				t.Errorf("to another repository: %v, %d bytes", err, p.to.BytesTaken())
			}
			p.there(t, "b/m@"+p.plan.Digest.String())
		})
	}
}

// TestPushGoesOn: what breaks is gone on with where it broke, and what was sent is not sent again.
func TestPushGoesOn(t *testing.T) {
	for what, c := range map[string]struct {
		fault fake.Fault
		again int64 // bytes that may be sent twice
	}{
		"cut":          {fake.Fault{Skip: 4, Times: 1, TakeOnly: 30 << 10}, 100 << 10},
		"reset":        {fake.Fault{Skip: 5, Times: 2, Reset: true}, 100 << 10},
		"busy":         {fake.Fault{Skip: 4, Times: 2, Status: http.StatusServiceUnavailable}, 0},
		"session lost": {fake.Fault{Skip: 4, Times: 1, Status: http.StatusNotFound}, pushed},
		"begin fails":  {fake.Fault{Times: 1, Status: http.StatusBadGateway}, 0},
	} {
		t.Run(what, func(t *testing.T) {
			p := newPushing(t, &fake.Options{})
			p.o.Jobs = 1
			c.fault.Where = fake.Upload
			p.to.Break(c.fault)
			if err := p.push(t, "a/m:1"); err != nil {
				t.Fatal(err)
			}
			p.there(t, "a/m:1")
			if sent := p.to.BytesTaken(); sent > pushed+c.again+100 {
				t.Errorf("%d bytes were sent for %d", sent, pushed)
			}
		})
	}
}

// TestPushLater: another process goes on with an upload, unless the registry has forgotten it.
func TestPushLater(t *testing.T) {
	for what, forget := range map[string]bool{"kept": false, "forgotten": true} {
		t.Run(what, func(t *testing.T) {
			p := newPushing(t, &fake.Options{})
			p.to.Break(fake.Fault{Where: fake.Upload, Skip: 7, Status: http.StatusForbidden})
			if err := p.push(t, "a/m:1"); !errors.Is(err, artifacts.ErrAuthentication) {
				t.Fatal(err)
			}
			first := p.to.BytesTaken()
			if first == 0 || first >= pushed {
				t.Fatalf("%d bytes were sent", first)
			}
			p.to.Repair()
			if forget {
				p.to.ForgetUploads()
			}
			if err := p.push(t, "a/m:1"); err != nil {
				t.Fatal(err)
			}
			p.there(t, "a/m:1")
			if sent := p.to.BytesTaken(); !forget && sent > pushed+100 {
				t.Errorf("%d bytes were sent for %d", sent, pushed)
			}
		})
	}
}

func TestPushFails(t *testing.T) {
	for what, c := range map[string]struct {
		options fake.Options
		fault   fake.Fault
		spoil   func(*pushing)
		want    error
		says    string
	}{
		"wrong password": {options: fake.Options{Username: "ann", Password: "other"}, want: artifacts.ErrAuthentication},
		"denied":         {fault: fake.Fault{Where: fake.Upload, Status: http.StatusForbidden}, want: artifacts.ErrAuthentication, says: "spoiled by the test"},
		"wrong bytes": {spoil: func(p *pushing) {
			for i := range p.plan.Blobs {
				if p.plan.Blobs[i].Digest == p.layer {
					p.plan.Blobs[i].Data = make([]byte, pushed)
				}
			}
		}, want: artifacts.ErrVerification, says: "provided digest did not match"},
		"manifest refused":  {fault: fake.Fault{Where: fake.Manifest, Status: http.StatusBadRequest}, says: "writing the manifest"},
		"manifest vanishes": {fault: fake.Fault{Where: fake.Manifest, Skip: 1, Status: http.StatusNotFound}, want: artifacts.ErrNotFound, says: "reading the manifest back"},
		"quota":             {fault: fake.Fault{Where: fake.Upload, Status: http.StatusRequestEntityTooLarge}, says: "413"},
		"always busy":       {fault: fake.Fault{Where: fake.Upload, Status: http.StatusServiceUnavailable}, says: "5 tries without progress"},
	} {
		t.Run(what, func(t *testing.T) {
			p := newPushing(t, &c.options)
			p.login(p.to.Host(), "ann", "secret", nil)
			if c.fault.Where != "" {
				p.to.Break(c.fault)
			}
			if c.spoil != nil {
				c.spoil(p)
			}
			err := p.push(t, "a/m:1")
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v", err)
			}
			if err != nil && (strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), p.to.Host()+"/a/m:1")) {
				t.Errorf("the text is %v", err)
			}
		})
	}
}

func TestPushRefuses(t *testing.T) {
	p := newPushing(t, &fake.Options{})
	if err := p.push(t, "a/m@"+digest.FromString("other").String()); !errors.Is(err, artifacts.ErrInvalidName) {
		t.Errorf("another digest: %v", err)
	}
	p.machine.o.RegistriesConf = p.write("blocked.conf", fmt.Sprintf("[[registry]]\nlocation = %q\nblocked = true\n", p.to.Host()))
	if err := p.push(t, "a/m:1"); !errors.Is(err, artifacts.ErrPolicy) {
		t.Errorf("blocked: %v", err)
	}
	if p.to.Count() != 0 {
		t.Error("a registry that is blocked was asked")
	}
}

// TestPushSessionFiles: what stands where a session belongs is not followed, and is no reason to fail.
func TestPushSessionFiles(t *testing.T) {
	p := newPushing(t, &fake.Options{})
	p.o.Sessions = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(p.o.Sessions, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.push(t, "a/m:1"); err != nil {
		t.Fatal(err)
	}
}
