package quadlet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
)

// systemd is a systemd as far as this package uses one: it makes a service of each file of Quadlet's in a folder when it is told
// to reload, unless the file has the word "broken".
type systemd struct {
	t        *testing.T
	dir      string
	plain    string // the folder of systemd's own units
	services map[string]ServiceState
	fail     map[string]error  // by verb
	shadow   map[string]string // the sources, in other folders, of services that each reload finds
	sick     string            // a word: a service is not healthy whose file has it
	said     string            // what the journal has of every service
	did      []string
	mu       sync.Mutex
	before   func(verb string) // runs before a verb, on the caller's side; nil: nothing
}

func newSystemd(t *testing.T) *systemd {
	return &systemd{t: t, dir: t.TempDir(), plain: filepath.Join(t.TempDir(), "system"), services: map[string]ServiceState{}, fail: map[string]error{}}
}

func (s *systemd) run(_ context.Context, argv []string) ([]byte, []byte, error) {
	if argv[0] == "journalctl" {
		return asJournal(s.said), nil, nil
	}
	if len(argv) < 3 || argv[0] != "systemctl" || argv[1] != "--user" {
		s.t.Fatalf("got %q", argv)
	}
	verb, service := argv[2], argv[len(argv)-1]
	if s.before != nil {
		s.before(verb)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.fail[verb]; err != nil {
		return nil, []byte("systemd says no\n"), err
	}
	state, known := s.services[service]
	if verb == "show" {
		if !known {
			state = ServiceState{Load: "not-found", Active: "inactive"}
		}
		return fmt.Appendf(nil, "SourcePath=%s\nLoadState=%s\nActiveState=%s\nFragmentPath=%s\n", state.Source, state.Load, state.Active, state.Fragment), nil, nil
	}
	s.did = append(s.did, strings.ReplaceAll(strings.Join(argv[2:], " "), " -- ", " "))
	switch verb {
	case "daemon-reload":
		s.reload()
	case "start", "restart", "try-restart":
		return nil, []byte("Job failed.\n"), s.start(argv)
	case "stop":
		state.Active = "failed" // as after a server that SIGTERM did not end
		s.services[service] = state
	case "reset-failed":
		state.Active = "inactive"
		s.services[service] = state
	default:
		s.t.Fatalf("got %q", argv)
	}
	return nil, nil, nil
}

// start starts the services that are named behind "--".
func (s *systemd) start(argv []string) error {
	var failed error
	for _, service := range argv[slices.Index(argv, "--")+1:] {
		state := s.services[service]
		if argv[2] == "try-restart" && state.Active != "active" {
			continue
		}
		state.Active = "active"
		if unit, err := os.ReadFile(state.Source); s.sick != "" && err == nil && strings.Contains(string(unit), s.sick) {
			state.Active = "activating" // as between two tries
		}
		s.services[service] = state
		if state.Active != "active" && !slices.Contains(argv, "--no-block") {
			failed = errors.New("exit status 1")
		}
	}
	return failed
}

func (s *systemd) reload() {
	before := maps.Clone(s.services)
	maps.DeleteFunc(s.services, func(_ string, state ServiceState) bool {
		return state.Source != "" || filepath.Dir(state.Fragment) == s.plain
	})
	for _, dir := range []string{s.dir, s.plain} {
		files, err := filepath.Glob(dir + "/*.*")
		if err != nil {
			s.t.Fatal(err)
		}
		for _, f := range files {
			s.load(f, before)
		}
	}
	for name, source := range s.shadow {
		s.services[name] = ServiceState{Load: "loaded", Active: "inactive", Source: source, Fragment: "/run/" + name}
	}
}

// load makes a service of a file.
func (s *systemd) load(file string, before map[string]ServiceState) {
	info, err := os.Stat(file)
	if err != nil || info.IsDir() || strings.HasPrefix(filepath.Base(file), ".") {
		return
	}
	name, err := serviceOfFile(file)
	if err != nil {
		return
	}
	data, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatal(err)
	}
	state := ServiceState{Load: "loaded", Active: cmp.Or(before[name].Active, "inactive"), Source: file, Fragment: "/run/" + name}
	if isPlainUnit(file) {
		state.Source, state.Fragment = "", file
	}
	if !strings.Contains(string(data), "broken") {
		s.services[name] = state
	}
}

// install locks the folder and installs a unit.
func install(t *testing.T, i *Installer, name string, unit []byte, replace bool) (*Installed, error) {
	t.Helper()
	l, err := i.Lock(t.Context(), &LockOptions{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	in, err := l.Install(t.Context(), &Set{Name: name, Unit: unit}, replace)
	return in, errors.Join(err, l.Unlock())
}

// remove locks the folder and removes a unit.
func remove(t *testing.T, i *Installer, name string) (*Installed, error) {
	t.Helper()
	l, err := i.Lock(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	in, err := l.Remove(t.Context(), name)
	return in, errors.Join(err, l.Unlock())
}

func (s *systemd) installer() *Installer {
	says := func(context.Context, []string) ([]byte, []byte, error) {
		return nil, []byte("q[1]: Loading source unit file /x/bad.container\nconverting \"other.container\": x\nconverting \"bad.container\": unsupported key\n"), errors.New("exit status 1")
	}
	return &Installer{Dir: s.dir, Plain: s.plain, Systemctl: &Systemctl{User: true, Run: s.run}, Generator: &Generator{User: true, Path: "/quadlet", Run: says}}
}

func testUnit(t *testing.T) []byte {
	t.Helper()
	data, err := unitText(testSpec(), testOptions())
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestInstall(t *testing.T) {
	s := newSystemd(t)
	i := s.installer()
	i.Dir = filepath.Join(s.dir, "a", "b")
	s.dir = i.Dir
	in, err := install(t, i, "m.1", testUnit(t), false)
	if err != nil {
		t.Fatal(err)
	}
	want := Installed{Name: "m.1", Service: "m.1.service", Path: i.Dir + "/m.1.container", Model: "quay.io/org/smollm:135m", Source: pinned, Digest: blob, Image: "ghcr.io/ggml-org/llama.cpp:server", PublishPort: "127.0.0.1:8080:8080"}
	if !reflect.DeepEqual(*in, want) {
		t.Errorf("got %+v", *in)
	}
	data, read, err := i.Read("m.1")
	if err != nil || !reflect.DeepEqual(*read, want) || !strings.HasSuffix(data.String(), "\n"+string(testUnit(t))) {
		t.Errorf("read %+v, %v\n%v", read, err, data)
	}
	info, err := os.Stat(in.Path)
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("got %v, %v", info, err)
	}
	if _, err := install(t, i, "m.1", testUnit(t), false); !errors.Is(err, ErrInstalled) {
		t.Errorf("again: %v", err)
	}
	if _, err := install(t, i, "m.1", testUnit(t), true); err != nil {
		t.Errorf("replacing: %v", err)
	}
	if err := i.Systemctl.Start(t.Context(), in.Service); err != nil {
		t.Error(err)
	}
	if active, err := i.Systemctl.IsActive(t.Context(), in.Service); err != nil || !active {
		t.Errorf("got %t, %v", active, err)
	}
	if _, err := remove(t, i, "m.1"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(in.Path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
	if did := strings.Join(s.did, ", "); did != "daemon-reload, daemon-reload, start m.1.service, stop m.1.service, reset-failed m.1.service, daemon-reload" {
		t.Errorf("did %s", did)
	}
	if _, err := remove(t, i, "m.1"); !errors.Is(err, artifacts.ErrNotFound) {
		t.Errorf("again: %v", err)
	}
}

// TestForeign: what paddock did not install is not touched.
func TestForeign(t *testing.T) {
	s := newSystemd(t)
	i := s.installer()
	path := filepath.Join(s.dir, "web.container")
	if err := os.WriteFile(path, []byte("[Container]\nImage=x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("web.container", filepath.Join(s.dir, "link.container")); err != nil {
		t.Fatal(err)
	}
	s.services["sshd.service"] = ServiceState{Load: "loaded", Active: "active", Fragment: "/usr/lib/systemd/system/sshd.service"}
	for _, name := range []string{"web", "link", "sshd"} {
		if _, err := install(t, i, name, testUnit(t), true); !errors.Is(err, ErrForeign) {
			t.Errorf("installing %s: %v", name, err)
		}
	}
	for _, name := range []string{"web", "link"} {
		if _, err := remove(t, i, name); !errors.Is(err, ErrForeign) {
			t.Errorf("removing %s: %v", name, err)
		}
		if _, _, err := i.Read(name); !errors.Is(err, ErrForeign) {
			t.Errorf("reading %s: %v", name, err)
		}
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "[Container]\nImage=x\n" || len(s.did) != 0 {
		t.Errorf("got %q, %v, did %q", data, err, s.did)
	}
	if units, err := i.List(); err != nil || len(units) != 0 {
		t.Errorf("listed %v, %v", units, err)
	}
}

// TestInstallFails: after a failure all is as it was before.
func TestInstallFails(t *testing.T) {
	s := newSystemd(t)
	i := s.installer()
	broken := []byte(strings.ReplaceAll(string(testUnit(t)), "Notify=", "broken="))
	_, err := install(t, i, "bad", broken, false)
	if err == nil || !strings.Contains(err.Error(), "unsupported key") || strings.Contains(err.Error(), "other.container") {
		t.Errorf("got %v", err)
	}
	if files, err := os.ReadDir(s.dir); err != nil || len(files) != 1 || files[0].Name() != lockName {
		t.Errorf("left %v, %v", files, err)
	}
	if _, err := install(t, i, "bad", testUnit(t), false); err != nil {
		t.Fatal(err)
	}
	before, _, err := i.Read("bad")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := install(t, i, "bad", broken, true); err == nil {
		t.Error("a broken unit was installed")
	}
	if after, _, err := i.Read("bad"); err != nil || after.String() != before.String() || s.services["bad.service"].Load != "loaded" {
		t.Errorf("got %v, %v", err, after)
	}
	s.fail["daemon-reload"] = errors.New("exit status 1")
	if _, err := install(t, i, "new", plainAt(t, "new", "", 9000).Unit, false); err == nil || !strings.Contains(err.Error(), "systemd says no") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "new.container")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("left behind: %v", err)
	}
}

func TestList(t *testing.T) {
	s := newSystemd(t)
	i := s.installer()
	for n, name := range []string{"b", "a"} {
		if _, err := install(t, i, name, plainAt(t, "x", "", 9000+n).Unit, false); err != nil {
			t.Fatal(err)
		}
	}
	units, err := i.List()
	if err != nil || len(units) != 2 || units[0].Name != "a" || units[1].Name != "b" {
		t.Errorf("got %v, %v", units, err)
	}
	i.Dir = filepath.Join(s.dir, "none")
	if units, err := i.List(); err != nil || len(units) != 0 {
		t.Errorf("no folder: %v, %v", units, err)
	}
	for _, name := range []string{"", ".a", "-a", "a/b", "a@b", "a b", "../a", "é", "a%n", strings.Repeat("a", maxName+1)} {
		if _, err := install(t, i, name, testUnit(t), false); err == nil {
			t.Errorf("%q was installed", name)
		}
	}
}
