//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

// llamaImage is the lab's own image of Debian's llama.cpp.
const llamaImage = "localhost/llama-server:lab"

// place is the lab as one person sees it, with paddock installed.
type place struct {
	Lab
	name string
}

// everyone is root and an ordinary user of the entered root.
func everyone(t testing.TB) []place {
	t.Helper()
	return []place{asRoot(t), {Lab{}.User("ai"), "ai"}}
}

func asRoot(t testing.TB) place {
	t.Helper()
	NeedPaddock(t)
	return place{Lab{}, "root"}
}

// storeDir and stagingDir are where paddock says that its store and its downloads are.
func storeDir(t testing.TB, in place) string   { return infoField(t, in, "{{.Store.Path}}") }
func stagingDir(t testing.TB, in place) string { return infoField(t, in, "{{.Store.Staging}}") }

func infoField(t testing.TB, in place, field string) string {
	t.Helper()
	out := strings.TrimSpace(in.MustRun(t, "paddock", "info", "--format", field))
	if out == "" {
		t.Fatalf("paddock info has no %s", field)
	}
	return out
}

// bootedUser is a person under systemd, and the port that their service may use.
type bootedUser struct {
	place
	port string
}

func (b Booted) everyone() []bootedUser {
	return []bootedUser{{place{b.Lab, "root"}, "18300"}, {place{b.User("ai"), "ai"}, "18301"}}
}

func (u bootedUser) systemctl(args ...string) []string {
	if u.name == "root" {
		return append([]string{"systemctl"}, args...)
	}
	return append([]string{"systemctl", "--user"}, args...)
}

// units is where the user's units are, for a shell.
func (u bootedUser) units() string {
	if u.name == "root" {
		return "/etc/containers/systemd"
	}
	return "$HOME/.config/containers/systemd"
}

// dropIn is a file of the user's own that adds to the unit of the service.
func (u bootedUser) dropIn(t testing.TB, name, text string) {
	t.Helper()
	u.Stdin(text).MustRun(t, "sh", "-c", "d="+u.units()+"/svc."+u.name+".container.d && mkdir -p $d && cat >$d/"+name)
}

// service is systemd's word for the state of a service.
func (u bootedUser) service(t testing.TB, name string) string {
	t.Helper()
	return strings.TrimSpace(u.Run(t, u.systemctl("is-active", name+".service")...).Stdout)
}

// waitActive waits until a service is up, and returns the state that it is in when that never happens.
func (u bootedUser) waitActive(t testing.TB, name string) string {
	t.Helper()
	script := "for i in $(seq 400); do s=$(" + strings.Join(u.systemctl("is-active", name+".service"), " ") + `); [ "$s" != active ] || break; sleep 0.3; done; echo "$s"`
	return strings.TrimSpace(u.MustRun(t, "sh", "-c", script))
}

// invocation is systemd's ID of the run of a service.
func (u bootedUser) invocation(t testing.TB, name string) string {
	t.Helper()
	return strings.TrimSpace(u.MustRun(t, u.systemctl("show", "-P", "InvocationID", name+".service")...))
}

// waitOther is waitActive for another run of the service than the one given.
func (u bootedUser) waitOther(t testing.TB, name, invocation string) string {
	t.Helper()
	script := "for i in $(seq 400); do [ \"$(" + strings.Join(u.systemctl("show", "-P", "InvocationID", name+".service"), " ") + ")\" = " + invocation + " ] || break; sleep 0.3; done"
	u.MustRun(t, "sh", "-c", script)
	if u.invocation(t, name) == invocation {
		return "still running as before"
	}
	return u.waitActive(t, name)
}

// journal is what a service said.
func (u bootedUser) journal(t testing.TB, name string) string {
	t.Helper()
	root := Lab{booted: true}
	field := "_SYSTEMD_UNIT"
	if u.name != "root" {
		field = "_SYSTEMD_USER_UNIT"
	}
	return root.Run(t, "journalctl", "--no-pager", "-n", "60", field+"="+name+".service", "+", "UNIT="+name+".service", "+", "USER_UNIT="+name+".service").Stdout
}
