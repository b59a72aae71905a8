package registry_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	fake "github.com/paddock-dev/paddock/tests/fakes/registry"
	"github.com/paddock-dev/paddock/transports/registry"
)

// resolveAnything makes a Resolver and asks it for a model.
func (m *machine) resolveAnything(ctx context.Context, name string) error {
	r, err := registry.New(&m.o)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = r.Resolve(ctx, name)
	return err
}

// pipe makes a pipe that nobody ever writes into: what opens it waits for ever.
func pipe(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestPipesAmongTheConfiguration(t *testing.T) {
	server := fake.New(t, nil)
	server.PutModel("org/m", "v1", data(100))
	name := server.Host() + "/org/m:v1"
	for _, file := range []string{
		"registries.conf", "registries.conf.d/50.conf", "aliases.conf", "policy.json", "registries.d/x.yaml", "auth.json",
		"certs.d/" + server.Host() + "/ca.crt", "certs.d/" + server.Host() + "/client.key",
	} {
		m := newMachine(t, server)
		path := filepath.Join(m.dir, file)
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
		pipe(t, path)
		if err := m.resolveAnything(t.Context(), name); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", file, err)
		}
		if strings.HasSuffix(file, ".key") { // one without its certificate is an error of its own
			m.write(strings.TrimSuffix(file, ".key")+".cert", "")
			if err := m.resolveAnything(t.Context(), name); err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}

// What is shadowed, or has another ending, is not read; the null device is an empty file.
func TestPipesThatNobodyReads(t *testing.T) {
	server := fake.New(t, nil)
	server.PutModel("org/m", "v1", data(100))
	m := newMachine(t, server)
	for _, file := range []string{"registries.conf.d/README", "registries.d/x.yaml.old", "certs.d/other.example/ca.crt"} {
		path := filepath.Join(m.dir, file)
		pipe(t, path)
	}
	if err := os.Symlink(os.DevNull, filepath.Join(m.dir, "registries.conf.d/50.conf")); err != nil {
		t.Fatal(err)
	}
	if err := m.resolveAnything(t.Context(), server.Host()+"/org/m:v1"); err != nil {
		t.Error(err)
	}
}

// A login and a logout read the credentials that are there, and a login the certificates.
func TestPipesAtLogin(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"auth.json", "ca.crt"} {
		pipe(t, filepath.Join(dir, name))
	}
	l := &registry.Login{AuthFile: filepath.Join(dir, "auth.json")}
	_, user := l.User("quay.example")
	certs := &registry.Login{AuthFile: filepath.Join(dir, "none.json"), CertDir: dir}
	for _, err := range []error{user, l.Logout("quay.example"), l.LogoutAll(), l.Login(t.Context(), "quay.example", "u", "p")} {
		if err == nil || !strings.Contains(err.Error(), l.AuthFile) {
			t.Error(err)
		}
	}
	if err := certs.Login(t.Context(), "quay.example", "u", "p"); err == nil || !strings.Contains(err.Error(), dir+"/ca.crt") {
		t.Error(err)
	}
}

// The places that containers-auth.json(5) lists.
func TestPipesAmongCredentials(t *testing.T) {
	for variable, file := range map[string]string{
		"XDG_RUNTIME_DIR": "containers/auth.json", "XDG_CONFIG_HOME": "containers/auth.json", "DOCKER_CONFIG": "config.json",
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, file)
		pipe(t, path)
		m := newMachine(t)
		m.o.AuthFile = ""
		m.o.Getenv = func(name string) string {
			if name == variable {
				return dir
			}
			return ""
		}
		if _, err := registry.New(&m.o); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", variable, err)
		}
	}
}
