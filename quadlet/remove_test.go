package quadlet

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestRemoveFails(t *testing.T) {
	s := newSystemd(t)
	i := s.installer()
	in, err := install(t, i, "m", testUnit(t), false)
	if err != nil {
		t.Fatal(err)
	}
	s.fail["stop"] = errors.New("exit status 1")
	if _, err := remove(t, i, "m"); err == nil || !strings.Contains(err.Error(), "systemd says no") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(in.Path); err != nil {
		t.Errorf("the unit of a service that did not stop is gone: %v", err)
	}
	delete(s.fail, "stop")
	if err := os.WriteFile(in.Path, []byte(ownMark+"\nbroken"), 0o600); err != nil { // by hand
		t.Fatal(err)
	}
	if units, err := i.List(); err == nil || len(units) != 0 || !strings.Contains(err.Error(), in.Path) {
		t.Errorf("listed %v, %v", units, err)
	}
	if _, err := remove(t, i, "m"); err != nil {
		t.Errorf("a broken unit of our own: %v", err)
	}
}

// unprivileged runs do as somebody whom permissions bind: tests may run as root.
func unprivileged(t *testing.T, do func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		do()
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if _, err := unix.SetfsuidRetUid(65534); err != nil { // of this thread alone
		t.Fatal(err)
	}
	defer func() {
		if _, err := unix.SetfsuidRetUid(0); err != nil {
			t.Error(err)
		}
	}()
	do()
}

// TestRemoveRefused: the service of a unit that cannot be removed is left running.
func TestRemoveRefused(t *testing.T) {
	s := newSystemd(t)
	if err := os.Chmod(filepath.Dir(s.dir), 0o755); err != nil {
		t.Fatal(err)
	}
	i := s.installer()
	in, err := install(t, i, "m", testUnit(t), false)
	if err != nil {
		t.Fatal(err)
	}
	l, err := i.Lock(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	s.did = nil
	if err := os.Chmod(s.dir, 0o555); err != nil {
		t.Fatal(err)
	}
	unprivileged(t, func() {
		if _, err := l.Remove(t.Context(), "m"); !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), s.dir) {
			t.Errorf("got %v", err)
		}
		if err := i.Check(t.Context(), &Set{Name: "new"}, false); !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), s.dir) {
			t.Errorf("check: got %v", err)
		}
	})
	if _, err := os.Stat(in.Path); err != nil || len(s.did) != 0 {
		t.Errorf("%v, did %q", err, s.did)
	}
	// no permission to write the file itself is none that is needed
	if err := errors.Join(os.Chmod(s.dir, 0o777), os.Chmod(in.Path, 0o444)); err != nil {
		t.Fatal(err)
	}
	unprivileged(t, func() { err = removable(in.Path) })
	if err != nil {
		t.Errorf("a file that cannot be written: %v", err)
	}
	if err := l.Unlock(); err != nil {
		t.Error(err)
	}
}

// TestRemoveFailsLate: if a unit cannot be removed after all, its service is started again.
func TestRemoveFailsLate(t *testing.T) {
	for _, ran := range []bool{true, false} {
		s := newSystemd(t)
		i := s.installer()
		in, err := install(t, i, "m", testUnit(t), false)
		if err != nil {
			t.Fatal(err)
		}
		if ran {
			if err := i.Systemctl.Start(t.Context(), in.Service); err != nil {
				t.Fatal(err)
			}
		}
		s.did = nil
		s.before = func(verb string) {
			if verb != "stop" {
				return
			}
			if err := errors.Join(os.Remove(in.Path), os.MkdirAll(filepath.Join(in.Path, "full"), 0o700)); err != nil {
				t.Error(err)
			}
		}
		if gone, err := remove(t, i, "m"); err == nil || gone != nil || !strings.Contains(err.Error(), in.Path) {
			t.Errorf("got %v, %v", gone, err)
		}
		want := "stop m.service, reset-failed m.service"
		if ran {
			want += ", start --no-block m.service"
		}
		if did := strings.Join(s.did, ", "); did != want {
			t.Errorf("did %s, want %s", did, want)
		}
	}
}

// TestRemoveHalf: with a network stops the service that needs it; it is started again, too, if it cannot be removed in the end.
func TestRemoveHalf(t *testing.T) {
	s := newSystemd(t)
	i := s.installer()
	if err := installSet(t, i, besideUnit(t, ""), false); err != nil {
		t.Fatal(err)
	}
	if err := i.Systemctl.Restart(t.Context(), "m-network.service", "m.service"); err != nil {
		t.Fatal(err)
	}
	s.did = nil
	s.before = func(verb string) {
		if verb == "stop" {
			s.before = nil
			state := s.services["m.service"]
			state.Active = "inactive"
			s.services["m.service"] = state
			if err := errors.Join(os.Remove(i.path("m.network")), os.MkdirAll(filepath.Join(i.path("m.network"), "full"), 0o700)); err != nil {
				t.Error(err)
			}
		}
	}
	if _, err := remove(t, i, "m"); err == nil {
		t.Error("it was removed")
	}
	if did := strings.Join(s.did, ", "); !strings.HasSuffix(did, ", start --no-block m.service, start --no-block m-network.service") {
		t.Errorf("did %s", did)
	}
}

// TestRemoveOrder: what a removal that is cut off leaves has its unit, and can be removed by it.
func TestRemoveOrder(t *testing.T) {
	s := newSystemd(t)
	i := s.installer()
	if err := errors.Join(installSet(t, i, demanded(t, "mx", 9000, 0), false), installSet(t, i, member(t, "px", "p", 9001), false)); err != nil {
		t.Fatal(err)
	}
	for name, n := range map[string]int{"mx": 4, "px": 2} {
		edits, err := i.removal(name)
		if err != nil || len(edits) != n || edits[n-1].path != i.path(name+".container") {
			t.Errorf("%s: %+v, %v", name, edits, err)
		}
		if err := errors.Join(apply(edits[:n-1]), second(remove(t, i, name))); err != nil {
			t.Errorf("%s: removed again: %v", name, err)
		}
	}
	if s.files() != "" {
		t.Errorf("there are %s", s.files())
	}
}

// TestRemoveUntold: a unit that is gone is returned, though systemd could not be told.
func TestRemoveUntold(t *testing.T) {
	s := newSystemd(t)
	i := s.installer()
	if _, err := install(t, i, "m", testUnit(t), false); err != nil {
		t.Fatal(err)
	}
	s.fail["daemon-reload"] = errors.New("exit status 1")
	in, err := remove(t, i, "m")
	if err == nil || !strings.Contains(err.Error(), "systemd says no") || in == nil || in.Source != pinned {
		t.Errorf("got %+v, %v", in, err)
	}
}
