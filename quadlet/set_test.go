package quadlet

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// besideUnit is a set of a unit with a network beside it.
func besideUnit(t *testing.T, network string) *Set {
	t.Helper()
	set := &Set{Name: "m", Unit: testUnit(t), Beside: []File{{"m.network", []byte("[Network]\n" + network + "\n")}}}
	set.Unit = append(set.Unit, `Beside=["m.network"]`+"\n"...)
	return set
}

// installSet locks the folder and installs a set.
func installSet(t *testing.T, i *Installer, set *Set, replace bool) error {
	t.Helper()
	l, err := i.Lock(t.Context(), &LockOptions{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	return errors.Join(second(l.Install(t.Context(), set, replace)), l.Unlock())
}

// files are the names of the units in the folders.
func (s *systemd) files() string {
	var names []string
	for _, dir := range []string{s.dir, s.plain, filepath.Join(s.plain, wants)} {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			s.t.Fatal(err)
		}
		for _, e := range entries {
			if e.Name() != lockName {
				names = append(names, e.Name())
			}
		}
	}
	return strings.Join(names, " ")
}

// TestBeside: what is beside a unit comes and goes with it.
func TestBeside(t *testing.T) {
	s := newSystemd(t)
	i := s.installer()
	set := besideUnit(t, "Internal=true")
	if err := installSet(t, i, set, false); err != nil {
		t.Fatal(err)
	}
	got, in, err := i.Read("m")
	if err != nil || !Same(got, set) || !slices.Equal(in.Beside, []string{"m.network"}) {
		t.Errorf("read %+v, %v", in, err)
	}
	if text := got.String(); strings.Count(text, ownMark) != 2 || !strings.Contains(text, "# m.network\n") {
		t.Errorf("for people it is\n%s", text)
	}
	if all, err := i.List(); err != nil || len(all) != 1 {
		t.Errorf("listed %v, %v", all, err)
	}
	if err := i.Systemctl.Start(t.Context(), "m-network.service"); err != nil {
		t.Fatal(err)
	}
	s.did = nil
	if err := installSet(t, i, &Set{Name: "m", Unit: testUnit(t)}, true); err != nil {
		t.Fatal(err)
	}
	if did := strings.Join(s.did, ", "); s.files() != "m.container" || did != "stop m-network.service, reset-failed m-network.service, daemon-reload" {
		t.Errorf("replaced by one that is alone there are %s, did %s", s.files(), did)
	}
	if err := installSet(t, i, set, true); err != nil {
		t.Fatal(err)
	}
	if _, err := remove(t, i, "m"); err != nil || s.files() != "" {
		t.Errorf("removed: %v, left %s", err, s.files())
	}
}

// TestBesideLost: what is beside a unit goes with it, though the unit does not say so any more; what has the mark of another does not.
func TestBesideLost(t *testing.T) {
	for _, unit := range []string{ownMark + "\nno setting\n", ownMark + "\n" + string(testUnit(t))} {
		for _, replace := range []bool{false, true} {
			s := newSystemd(t)
			i := s.installer()
			set := demanded(t, "m", 9000, 0)
			set.Beside = append(set.Beside, File{"m.network", []byte("[Network]\n")})
			if err := installSet(t, i, set, false); err != nil {
				t.Fatal(err)
			}
			others := (&Set{Name: "other", Beside: []File{{"m.volume", []byte("[Volume]\n")}}}).marked().Beside[0]
			for file, text := range map[string]string{"m.container": unit, "m.volume": string(others.Data)} {
				if err := os.WriteFile(filepath.Join(s.dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s.did = nil
			err, want := second(remove(t, i, "m")), "m.volume"
			if replace {
				err, want = installSet(t, i, &Set{Name: "m", Unit: testUnit(t)}, true), "m.container m.volume"
			}
			if err != nil || s.files() != want || !slices.Contains(s.did, "stop m-proxy.socket") {
				t.Errorf("%t: %v, there are %s, did %q", replace, err, s.files(), s.did)
			}
		}
	}
}

// TestBesideFails: of files that belong together, all are as they were after a failure.
func TestBesideFails(t *testing.T) {
	s := newSystemd(t)
	i := s.installer()
	if err := installSet(t, i, besideUnit(t, "broken"), false); err == nil || !strings.Contains(err.Error(), "m-network.service") || s.files() != "" {
		t.Errorf("got %v, left %s", err, s.files())
	}
	good := besideUnit(t, "Internal=true")
	if err := installSet(t, i, good, false); err != nil {
		t.Fatal(err)
	}
	if err := installSet(t, i, besideUnit(t, "broken"), true); err == nil {
		t.Error("a broken network was installed")
	}
	if now, _, err := i.Read("m"); err != nil || !Same(now, good) {
		t.Errorf("after the failure there is\n%s%v", now.String(), err)
	}
	alone := &Set{Name: "m", Unit: []byte(strings.ReplaceAll(string(testUnit(t)), "Notify=", "broken="))}
	if err := i.Systemctl.Start(t.Context(), "m-network.service"); err != nil {
		t.Fatal(err)
	}
	if err := installSet(t, i, alone, true); err == nil || s.services["m-network.service"].Active != "active" {
		t.Errorf("got %v, the network is %s", err, s.services["m-network.service"].Active)
	}
	if now, _, err := i.Read("m"); err != nil || !Same(now, good) {
		t.Errorf("after the failure there is\n%s%v", now.String(), err)
	}
}

// TestBesideForeign: neither a file of someone else nor one whose service someone else has is written, or removed.
func TestBesideForeign(t *testing.T) {
	s := newSystemd(t)
	i := s.installer()
	path := filepath.Join(s.dir, "m.network")
	if err := os.WriteFile(path, []byte("[Network]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := i.Check(t.Context(), besideUnit(t, ""), false); !errors.Is(err, ErrForeign) {
		t.Errorf("a file: %v", err)
	}
	if err := os.Rename(path, filepath.Join(s.dir, "m-network.kube")); err != nil {
		t.Fatal(err)
	}
	if err := installSet(t, i, besideUnit(t, ""), false); !errors.Is(err, ErrForeign) || s.files() != "m-network.kube" {
		t.Errorf("a service: %v, there are %s", err, s.files())
	}
	if err := errors.Join(os.Remove(filepath.Join(s.dir, "m-network.kube")), installSet(t, i, besideUnit(t, ""), false)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("[Network]\n"), 0o600); err != nil { // somebody makes it theirs
		t.Fatal(err)
	}
	if _, err := remove(t, i, "m"); err != nil || s.files() != "m.network" {
		t.Errorf("removed: %v, there are %s", err, s.files())
	}
}

// TestSwitchBeside: what is beside a unit is rolled back with it, and is restarted where it changes.
func TestSwitchBeside(t *testing.T) {
	w := newSwitching(t)
	old := besideUnit(t, "Internal=true")
	if err := installSet(t, w.Installer, old, true); err != nil {
		t.Fatal(err)
	}
	if err := w.Systemctl.Start(t.Context(), "m-network.service"); err != nil {
		t.Fatal(err)
	}
	w.did = nil
	now := besideUnit(t, "Internal=false")
	for _, sick := range []string{"sick", ""} {
		w.sick = sick
		now.Unit = []byte(strings.ReplaceAll(string(now.Unit), "Description=Model", "Description="+sick+"Model"))
		l, err := w.Lock(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		err = errors.Join(second(l.Switch(t.Context(), &Change{Set: now})), l.Unlock())
		var back *RolledBackError
		want, did := now, "daemon-reload, restart m-network.service m.service"
		if errors.As(err, &back) != (sick != "") {
			t.Errorf("%q: %v", sick, err)
		}
		if sick != "" {
			want, did = old, did+", daemon-reload, restart m-network.service m.service"
		}
		if got, _, err := w.Read("m"); err != nil || !Same(got, want) {
			t.Errorf("%q: %v\n%s", sick, err, got.String())
		}
		if got := strings.Join(w.did, ", "); got != did {
			t.Errorf("%q: did %s", sick, got)
		}
		w.did = nil
		now = besideUnit(t, "Internal=false")
	}
	if w.files() != "m.container m.network" {
		t.Errorf("there are %s", w.files())
	}
}
