package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/gpu"
	"github.com/paddock-dev/paddock/quadlet"
)

func TestUnreached(t *testing.T) {
	root := t.TempDir()
	for name, mode := range map[string]os.FileMode{"closed": 0o660, "open": 0o666} {
		if err := os.WriteFile(filepath.Join(root, name), nil, mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(root, name), mode); err != nil { // whatever the umask
			t.Fatal(err)
		}
	}
	me, group := os.Getuid(), uint32(os.Getgid())
	for _, c := range []struct {
		uid    int
		groups []uint32
		node   string
	}{{me + 1, nil, "/closed"}, {me + 1, []uint32{group}, ""}, {me, nil, ""}} {
		if node, gid, found := unreached(root, []string{"/none", "/open", "/closed"}, c.uid, c.groups); node != c.node || found != (node != "") || found && gid != group {
			t.Errorf("%+v: got %q, %d", c, node, gid)
		}
	}
}

// TestWarnGroups: the systemd of services is asked, and only where its groups matter.
func TestWarnGroups(t *testing.T) {
	w := newWorld(t)
	asked := 0
	w.env = w.env.forRun()
	w.env.Services.Quiet = func(context.Context, []string) ([]byte, []byte, error) {
		asked++
		return fmt.Appendf(nil, "%d\n", os.Getpid()), nil, nil
	}
	for _, c := range []struct {
		user, keep bool
		asked      int
	}{{false, true, 0}, {true, false, 0}, {true, true, 1}} {
		asked = 0
		var said bytes.Buffer
		w.env.Err = &said
		warnGroups(t.Context(), w.env, &quadlet.Installer{Systemctl: &quadlet.Systemctl{User: c.user}}, &gpu.Access{KeepGroups: c.keep, Nodes: []string{"/none"}})
		if asked != c.asked || strings.Contains(said.String(), "will not reach") {
			t.Errorf("%+v: asked %d times, said %s", c, asked, said.String())
		}
	}
}
