package quadlet

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSystemctl(t *testing.T) {
	var got []string
	record := func(_ context.Context, argv []string) ([]byte, []byte, error) {
		got = append(got, strings.Join(argv, " "))
		return nil, nil, nil
	}
	s := &Systemctl{Run: record}
	for _, do := range []func() error{
		func() error { return s.DaemonReload(t.Context()) },
		func() error { return s.Start(t.Context(), "a.service") },
		func() error { return s.Restart(t.Context(), "a.service") },
		func() error { return s.Stop(t.Context(), "a.service") },
		func() error { return s.ResetFailed(t.Context(), "a.service") },
	} {
		if err := do(); err != nil {
			t.Error(err)
		}
	}
	want := "systemctl daemon-reload|systemctl start -- a.service|systemctl restart -- a.service|systemctl stop -- a.service|systemctl reset-failed -- a.service"
	if strings.Join(got, "|") != want {
		t.Errorf("got %q", got)
	}
	if _, err := s.State(t.Context(), "a.service"); err == nil {
		t.Error("no answer was taken for one")
	}
}

func TestGenerator(t *testing.T) {
	for _, c := range []struct {
		says string
		fail bool
		want string
	}{
		{"Loading source unit file /d/a.container\n", false, ""},
		{"x a.container: bad\ny b.container: bad\n", true, "x a.container: bad"},
		{"no unit dirs\n", true, "no unit dirs"},
	} {
		g := &Generator{Path: "/q", User: true, Run: func(_ context.Context, argv []string) ([]byte, []byte, error) {
			if strings.Join(argv, " ") != "/q -dryrun -no-kmsg-log -user" {
				t.Errorf("got %q", argv)
			}
			var err error
			if c.fail {
				err = errors.New("exit status 1")
			}
			return nil, []byte(c.says), err
		}}
		if got, err := g.Complaints(t.Context(), "a.container"); err != nil || got != c.want {
			t.Errorf("%q: got %q, %v", c.says, got, err)
		}
	}
	g := &Generator{Path: filepath.Join(t.TempDir(), "none")}
	if got, err := g.Complaints(t.Context(), "a.container"); err == nil {
		t.Errorf("a generator that is not there says %q", got)
	}
}

func TestUnitDir(t *testing.T) {
	for _, c := range []struct {
		rootless     bool
		config, home string
		want         string
	}{
		{false, "/c", "/h", "/etc/containers/systemd"},
		{true, "/c", "/h", "/c/containers/systemd"},
		{true, "", "/h", "/h/.config/containers/systemd"},
		{true, "", "", ""},
		{true, "rel", "/h", ""},
	} {
		got, err := UnitDir(c.rootless, func(name string) string {
			return map[string]string{"XDG_CONFIG_HOME": c.config, "HOME": c.home}[name]
		})
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%+v: got %q, %v", c, got, err)
		}
	}
}

func TestLingers(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ai"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for user, want := range map[string]bool{"ai": true, "bo": false} {
		if got, err := lingers(dir, user); err != nil || got != want {
			t.Errorf("%s: got %t, %v", user, got, err)
		}
	}
	for _, user := range []string{"", "../ai", "a/b"} {
		if _, err := lingers(dir, user); err == nil {
			t.Errorf("%q is the name of a user", user)
		}
	}
}

func TestSamePath(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{dir + "/x", link + "/x", true}, {dir + "/x", link + "/y", false}, {dir + "/x", "/none/x", false}, {"", dir + "/x", false}, {"/none/x", "/none/x", true},
	} {
		if samePath(c.a, c.b) != c.want {
			t.Errorf("%s and %s: got %t", c.a, c.b, !c.want)
		}
	}
}
