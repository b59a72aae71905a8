package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// tree writes files below a new root and returns it.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestPrecedence(t *testing.T) {
	root := tree(t, map[string]string{
		"usr/share/containers/paddock.conf":           "[serve]\nimage = 'usr'\nport = 1001\nhost = '::1'\nctx_size = 1\nnetwork = 'usr'",
		"usr/share/containers/paddock.conf.d/a.conf":  "serve.port = 1002",
		"etc/containers/paddock.conf":                 "[serve]\nport = 1003\nctx_size = 2\n[quadlet]\nrestart = 'always'",
		"etc/containers/paddock.conf.d/20-b.conf":     "[serve]\nctx_size = 4\n[pull]\nlocal = false",
		"etc/containers/paddock.conf.d/10-a.conf":     "serve = { ctx_size = 3 }\npull.jobs = 3",
		"etc/containers/paddock.conf.d/README":        "not settings",
		"home/.config/containers/paddock.conf":        "serve.network = 'home'",
		"home/.config/containers/paddock.conf.d/x.no": "nonsense",
	})
	c, warnings, err := Load(&Sources{Root: root, Home: filepath.Join(root, "home"), Environ: []string{"PADDOCK_IMAGE=env", "PADDOCK_JOBS="}})
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	flag := 9000
	if err := c.Serve.Port.Override(&flag, "--port"); err != nil {
		t.Fatal(err)
	}
	if err := c.Serve.Host.Override(nil, "--host"); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range c.All() {
		got = append(got, s.Key+" = "+s.Value+" from "+strings.TrimPrefix(s.Origin, root))
	}
	want := []string{
		"engine.name =  from default",
		"store.dir =  from default",
		"pull.jobs = 3 from /etc/containers/paddock.conf.d/10-a.conf",
		"pull.local = false from /etc/containers/paddock.conf.d/20-b.conf",
		"pull.stall_timeout = 0 from default",
		"serve.runtime = auto from default",
		"serve.image = env from PADDOCK_IMAGE",
		"serve.vllm_image =  from default",
		"serve.build =  from default",
		"serve.gpu = auto from default",
		"serve.host = ::1 from /usr/share/containers/paddock.conf",
		"serve.port = 9000 from --port",
		"serve.ctx_size = 4 from /etc/containers/paddock.conf.d/20-b.conf",
		"serve.network = home from /home/.config/containers/paddock.conf",
		"quadlet.restart = always from /etc/containers/paddock.conf",
	}
	for _, kind := range []string{"cpu", "nvidia", "amd", "intel", "ascend", "mthreads", "apple", "wsl"} {
		want = append(want, "images."+kind+" =  from default")
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(c.Files) != 6 || !strings.HasSuffix(c.Files[3], "10-a.conf") {
		t.Errorf("files: %q", c.Files)
	}
}

func TestUserFolder(t *testing.T) {
	root := tree(t, map[string]string{
		"home/.config/containers/paddock.conf": "serve.port = 1",
		"xdg/containers/paddock.conf":          "serve.port = 2",
	})
	home, xdg := filepath.Join(root, "home"), filepath.Join(root, "xdg")
	for _, c := range []struct {
		home, xdg string
		want      int
	}{{home, "", 1}, {home, xdg, 2}, {"", xdg, 2}, {"", "", 8080}, {home, "relative", 1}} {
		cfg, _, err := Load(&Sources{Root: root, Home: c.home, ConfigHome: c.xdg})
		if err != nil || cfg.Serve.Port.Value != c.want {
			t.Errorf("home %q, xdg %q: got %+v, %v", c.home, c.xdg, cfg, err)
		}
	}
}

func TestOneFile(t *testing.T) {
	root := tree(t, map[string]string{"etc/containers/paddock.conf": "serve.port = 1", "a": "serve.port = 2", "b": "pull.jobs = 5"})
	a, b := filepath.Join(root, "a"), filepath.Join(root, "b")
	c, _, err := Load(&Sources{Root: root, Environ: []string{"PADDOCK_CONF=" + a}})
	if err != nil || c.Serve.Port.Value != 2 || c.Serve.Port.Origin != a {
		t.Errorf("variable: %+v, %v", c, err)
	}
	c, _, err = Load(&Sources{Root: root, File: b, FileOrigin: "--config", Environ: []string{"PADDOCK_CONF=" + a}})
	if err != nil || c.Serve.Port.Value != 8080 || c.Pull.Jobs.Value != 5 {
		t.Errorf("flag: %+v, %v", c, err)
	}
	_, _, err = Load(&Sources{Root: root, File: a + "x", FileOrigin: "--config"})
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "--config") {
		t.Errorf("missing: %v", err)
	}
}

func TestFileRefused(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"[serv]\nport = 1", ":2: unknown key serv.port; did you mean serve.port?"},
		{"[serve]\nnope = 1", ":2: unknown key serve.nope"},
		{"[serve]\nprot = 1", ":2: unknown key serve.prot; did you mean serve.port?"},
		{"\n\nport = 1", ":3: unknown key port"},
		{"[srve]", ":1: unknown key srve"},
		{"[serve.port]\na = 1", ":2: unknown key serve.port.a; did you mean serve.port?"},
		{"# c\n[serve]\nimage = 'x'\nport = '80'", ":4: serve.port: want an integer, got a string"},
		{"serve.image = 5", ":1: serve.image: want a string, got an integer"},
		{"serve.host = true", ":1: serve.host: want a string, got a boolean"},
		{"serve.host = ['a']", ":1: serve.host: want a string, got an array"},
		{"pull.local = 1", ":1: pull.local: want a boolean, got an integer"},
		{"serve.port = 1.5", ":1: serve.port: want an integer, got a float"},
		{"serve = 3", ":1: unknown key serve"},
		{"[[serve]]\nport = 1", ":1: unknown key serve"},
		{"[serve]\nport = 70000", "paddock.conf:2: serve.port: 70000 is not between 1 and 65535"},
		{"[engine]\nname = 'crun'", `"crun" is none of: podman, docker`},
		{"[serve]\nimage = ''", "may not be empty"},
		{"[serve\n", ":2: expected"},
		{"a = 1\na = 2", ":2: "},
		{"[quadlet]\nrestart = 'never'\n[serve]\nfoo = 1", ":2: quadlet.restart"},
	} {
		root := tree(t, map[string]string{"etc/containers/paddock.conf": c.text})
		_, _, err := Load(&Sources{Root: root})
		guess := "did you mean"
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "etc/containers/paddock.conf") ||
			strings.Contains(err.Error(), guess) != strings.Contains(c.want, guess) {
			t.Errorf("%q: got %v, want %q", c.text, err, c.want)
		}
	}
}

func TestUnreadableFolder(t *testing.T) {
	root := tree(t, map[string]string{"etc/containers/paddock.conf.d": "a file"})
	if _, _, err := Load(&Sources{Root: root}); err == nil || !strings.Contains(err.Error(), "paddock.conf.d") {
		t.Errorf("got %v", err)
	}
}

func TestEnvironment(t *testing.T) {
	env := []string{"PADDOCK_PROT=1", "PADDOCK_LOCAL=0", "PADDOCK_SOMETHING_ELSE=x", "PADDOCK_SERVE_PORT=7", "PADDOCK_NOPE=x", "PADDOCK_PORT=81", "HOME=/x"}
	c, warnings, err := Load(&Sources{Root: t.TempDir(), Environ: env})
	if err != nil || c.Serve.Port.Value != 81 || c.Pull.Local.Value {
		t.Fatal(err, c)
	}
	want := []string{
		"unknown environment variable PADDOCK_NOPE is ignored",
		"unknown environment variable PADDOCK_PROT is ignored; did you mean PADDOCK_PORT?",
		"unknown environment variable PADDOCK_SERVE_PORT is ignored; did you mean PADDOCK_PORT?",
		"unknown environment variable PADDOCK_SOMETHING_ELSE is ignored",
	}
	if !slices.Equal(warnings, want) {
		t.Errorf("warnings: %q", warnings)
	}
	for _, bad := range []string{"PADDOCK_PORT=http", "PADDOCK_PORT=0", "PADDOCK_ENGINE=lxc", "PADDOCK_LOCAL=maybe"} {
		name, _, _ := strings.Cut(bad, "=")
		if _, _, err := Load(&Sources{Root: t.TempDir(), Environ: []string{bad}}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestOverrideRefuses(t *testing.T) {
	c, port := Default(), 0
	if err := c.Serve.Port.Override(&port, "--port"); err == nil || err.Error() != "--port: 0 is not between 1 and 65535" {
		t.Errorf("got %v", err)
	}
	if c.Serve.Port.Value != 8080 || c.Serve.Port.Origin != "default" {
		t.Errorf("a refused value was kept: %+v", c.Serve.Port)
	}
}

// TestPipe: settings are in regular files: who writes into a pipe may never come.
func TestPipe(t *testing.T) {
	root := tree(t, map[string]string{"etc/containers/other.conf": ""})
	pipe := filepath.Join(root, "etc/containers/paddock.conf")
	if err := unix.Mkfifo(pipe, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, src := range []*Sources{{Root: root}, {Root: root, File: pipe, FileOrigin: "--config"}} {
		if _, _, err := Load(src); err == nil || !strings.Contains(err.Error(), pipe) || !strings.Contains(err.Error(), "not a regular file") {
			t.Error(err)
		}
	}
}
