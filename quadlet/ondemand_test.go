package quadlet

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/paddock-dev/paddock/artifacts/workload"
)

// demanded is a service that starts on demand.
func demanded(t *testing.T, name string, port int, idle time.Duration) *Set {
	t.Helper()
	spec, opts := testSpec(), testOptions()
	spec.Name, spec.Port = name, port
	opts.OnDemand = &OnDemand{Proxy: "/usr/lib/systemd/systemd-socket-proxyd", Idle: idle}
	set, err := Units(spec, opts)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestOnDemand: the socket listens when the machine starts, and goes with its service.
func TestOnDemand(t *testing.T) {
	s := newSystemd(t)
	i := s.installer()
	if err := installSet(t, i, demanded(t, "mx", 9000, time.Minute), false); err != nil {
		t.Fatal(err)
	}
	const all = "mx.container mx-proxy.service mx-proxy.socket sockets.target.wants mx-proxy.socket"
	if s.files() != all {
		t.Errorf("there are %s", s.files())
	}
	link := filepath.Join(s.plain, wants, "mx-proxy.socket")
	if data, err := os.ReadFile(link); err != nil || !strings.Contains(string(data), "\nListenStream=127.0.0.1:9000\n") {
		t.Errorf("what is enabled: %v\n%s", err, data)
	}
	_, in, err := i.Read("mx")
	if err != nil || in.Socket() != "mx-proxy.socket" || in.Listen != "127.0.0.1:9000" || in.PublishPort != "127.0.0.1:19000:8080" {
		t.Fatalf("read %+v, %v", in, err)
	}
	s.did = nil
	if err := i.Start(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if did := strings.Join(s.did, ", "); did != "stop mx.service, restart mx-proxy.socket" {
		t.Errorf("did %s", did)
	}
	if err := os.Remove(link); err != nil { // disabled by somebody
		t.Fatal(err)
	}
	s.services["mx.service"] = ServiceState{Load: "loaded", Active: "inactive", Source: in.Path}
	s.did = nil
	l, err := i.Lock(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(second(l.Switch(t.Context(), &Change{Set: demanded(t, "mx", 9000, time.Hour)})), l.Unlock()); err != nil {
		t.Fatal(err)
	}
	if did := strings.Join(s.did, ", "); did != "daemon-reload, try-restart mx-proxy.service" || exists(link) {
		t.Errorf("did %s, enabled again: %t", did, exists(link))
	}
	if err := installSet(t, i, demanded(t, "mx", 9000, 0), true); err != nil || exists(link) {
		t.Errorf("installed again: %v, enabled again: %t", err, exists(link))
	}
	if _, err := remove(t, i, "mx"); err != nil || s.files() != "" && s.files() != wants {
		t.Errorf("removed: %v, there are %s", err, s.files())
	}
	broken := demanded(t, "mx", 9000, 0)
	broken.Unit = []byte(strings.ReplaceAll(string(broken.Unit), "Notify=", "broken="))
	if err := installSet(t, i, broken, false); err == nil || s.files() != "" && s.files() != wants {
		t.Errorf("got %v, there are %s", err, s.files())
	}
}

// TestOnDemandIdles: after an update of a service in use the proxy counts its idle time, though nobody connects.
func TestOnDemandIdles(t *testing.T) {
	s := newSystemd(t)
	i := s.installer()
	door, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := door.Addr().(*net.TCPAddr).Port
	if err := installSet(t, i, demanded(t, "mx", port, time.Minute), false); err != nil {
		t.Fatal(err)
	}
	if err := i.Systemctl.Restart(t.Context(), "mx-proxy.socket", "mx-proxy.service", "mx.service"); err != nil {
		t.Fatal(err)
	}
	s.did = nil
	l, err := i.Lock(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	changed := demanded(t, "mx", port, time.Minute)
	changed.Unit = bytes.ReplaceAll(changed.Unit, []byte("Description=Model"), []byte("Description=another model"))
	if err := errors.Join(second(l.Switch(t.Context(), &Change{Set: changed})), l.Unlock()); err != nil {
		t.Fatal(err)
	}
	if did := strings.Join(s.did, ", "); did != "daemon-reload, restart mx-proxy.service mx.service" {
		t.Errorf("did %s", did)
	}
	if err := door.(*net.TCPListener).SetDeadline(time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	conn, err := door.Accept()
	if err != nil {
		t.Fatalf("nobody came: %v", err)
	}
	if n, err := conn.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
		t.Errorf("it does not hang up: %d bytes, %v", n, err)
	}
	if err := errors.Join(conn.Close(), door.Close()); err != nil {
		t.Error(err)
	}
}

// TestOnDemandRollBack: a socket that was asked in vain too often listens again when the old unit is back.
func TestOnDemandRollBack(t *testing.T) {
	s := newSystemd(t)
	i := s.installer()
	if err := installSet(t, i, demanded(t, "mx", 9000, time.Minute), false); err != nil {
		t.Fatal(err)
	}
	if err := i.Systemctl.Restart(t.Context(), "mx-proxy.socket", "mx-proxy.service", "mx.service"); err != nil {
		t.Fatal(err)
	}
	s.did, s.sick = nil, "bad"
	s.before = func(verb string) {
		if verb == "restart" {
			s.before = nil
			s.services["mx-proxy.socket"] = ServiceState{Load: "loaded", Active: "failed", Fragment: i.path("mx-proxy.socket")}
		}
	}
	l, err := i.Lock(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	bad := demanded(t, "mx", 9000, time.Minute)
	bad.Unit = bytes.ReplaceAll(bad.Unit, []byte("Description=Model"), []byte("Description=bad model"))
	var back *RolledBackError
	if err := errors.Join(second(l.Switch(t.Context(), &Change{Set: bad})), l.Unlock()); !errors.As(err, &back) || back.Back != nil {
		t.Errorf("got %v", err)
	}
	const want = "daemon-reload, restart mx-proxy.service mx.service, daemon-reload, reset-failed mx-proxy.socket mx-proxy.service mx.service, " +
		"restart mx-proxy.socket mx-proxy.service mx.service"
	if did := strings.Join(s.did, ", "); did != want || s.services["mx-proxy.socket"].Active != "active" {
		t.Errorf("did %s, the socket is %s", did, s.services["mx-proxy.socket"].Active)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// TestOnDemandRefused: neither a service without a port of its own, nor one whose port behind the socket is another's.
func TestOnDemandRefused(t *testing.T) {
	s := newSystemd(t)
	i := s.installer()
	if err := installSet(t, i, demanded(t, "mx", 60000, 0), false); err != nil {
		t.Fatal(err)
	}
	if _, in, err := i.Read("mx"); err != nil || in.PublishPort != "127.0.0.1:50000:8080" {
		t.Fatalf("read %+v, %v", in, err)
	}
	plain := func(port int) *Set {
		spec := testSpec()
		spec.Name, spec.Port = "nx", port
		set, err := Units(spec, testOptions())
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	for says, set := range map[string]*Set{
		"port 50000 is that of nx, and the one at which mx": plain(50000),
		"port 60000 is that of mx, and the one at which nx": demanded(t, "nx", 50000, 0),
		"port 50000 is that of mx, and the one at which nx": demanded(t, "nx", 40000, 0),
	} {
		if err := i.Check(t.Context(), set, false); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %s, got %v", says, err)
		}
	}
	if err := i.Check(t.Context(), plain(60000), false); err == nil || !strings.Contains(err.Error(), "port 60000 is that of mx; choose") {
		t.Errorf("the same address: %v", err)
	}
	if err := os.WriteFile(filepath.Join(s.plain, "ox-proxy.socket"), []byte("[Socket]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := i.Check(t.Context(), demanded(t, "ox", 1000, 0), false); !errors.Is(err, ErrForeign) {
		t.Errorf("a socket of somebody else: %v", err)
	}
	for want, change := range map[string]func(*workload.Spec, *UnitOptions){
		"cannot be started on": func(s *workload.Spec, _ *UnitOptions) { s.Network = "host" },
		"published by itself":  func(s *workload.Spec, _ *UnitOptions) { s.Pod = "p" },
		`path "" of systemd-s`: func(_ *workload.Spec, o *UnitOptions) { o.OnDemand.Proxy = "" },
	} {
		spec, opts := testSpec(), testOptions()
		opts.OnDemand = &OnDemand{Proxy: "/p"}
		change(spec, opts)
		if _, err := Units(spec, opts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
	if path, err := FindProxy(t.TempDir()); err == nil || path != "" {
		t.Errorf("found %s", path)
	}
}
