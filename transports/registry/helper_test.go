package registry_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/paddock-dev/paddock/artifacts"
	fake "github.com/paddock-dev/paddock/tests/fakes/registry"
	"github.com/paddock-dev/paddock/transports/registry"
)

// machine is the configuration of a machine that has only this test's files.
type machine struct {
	t   *testing.T
	dir string
	o   registry.Options
}

// newMachine configures a machine that accepts everything and treats the registries as insecure.
func newMachine(t *testing.T, insecure ...*fake.Registry) *machine {
	t.Helper()
	m := &machine{t: t, dir: t.TempDir()}
	conf := ""
	for _, r := range insecure {
		conf += fmt.Sprintf("[[registry]]\nlocation = %q\ninsecure = true\n", r.Host())
	}
	m.o = registry.Options{
		RegistriesConf: m.write("registries.conf", conf), RegistriesConfDir: m.mkdir("registries.conf.d"),
		ShortNameAliases: filepath.Join(m.dir, "aliases.conf"), RegistriesDir: m.mkdir("registries.d"),
		Policy:   m.write("policy.json", `{"default":[{"type":"insecureAcceptAnything"}]}`),
		AuthFile: m.write("auth.json", `{}`), PerHostCertDir: m.mkdir("certs.d"),
	}
	return m
}

func (m *machine) write(name, content string) string {
	m.t.Helper()
	path := filepath.Join(m.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		m.t.Fatal(err)
	}
	return path
}

func (m *machine) mkdir(name string) string {
	m.t.Helper()
	path := filepath.Join(m.dir, name)
	if err := os.Mkdir(path, 0o755); err != nil {
		m.t.Fatal(err)
	}
	return path
}

// login writes auth.json; entry holds fields besides "auth".
func (m *machine) login(host, user, password string, entry map[string]string) {
	m.t.Helper()
	one := map[string]string{"auth": base64.StdEncoding.EncodeToString([]byte(user + ":" + password))}
	for k, v := range entry {
		one[k] = v
	}
	raw, err := json.Marshal(map[string]any{"auths": map[string]any{host: one}})
	if err != nil {
		m.t.Fatal(err)
	}
	m.write("auth.json", string(raw))
}

func (m *machine) resolver() *registry.Resolver {
	m.t.Helper()
	r, err := registry.New(&m.o)
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(r.Close)
	return r
}

// resolve makes the Plan of a name that must have one.
func (m *machine) resolve(name string) *artifacts.Plan {
	m.t.Helper()
	plan, err := m.resolver().Resolve(m.t.Context(), name)
	if err != nil {
		m.t.Fatal(err)
	}
	return plan
}

// data returns n bytes that differ from one another over any short distance.
func data(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8)
	}
	return b
}

// read reads a part of a blob to its end.
func read(t *testing.T, open artifacts.Opener, offset, length int64) ([]byte, error) {
	t.Helper()
	body, err := open(t.Context(), offset, length)
	if err != nil {
		return nil, err
	}
	got, err := io.ReadAll(body)
	if closeErr := body.Close(); closeErr != nil {
		t.Errorf("closing: %v", closeErr)
	}
	return got, err
}

// short is a stall that tests can afford.
const short = 100 * time.Millisecond
