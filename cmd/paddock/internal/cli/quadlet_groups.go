package cli

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/gpu"
	"github.com/paddock-dev/paddock/quadlet"
)

// warnGroups says so if a service of the user will not reach a device node that the user reaches in this session.
func warnGroups(ctx context.Context, env *Env, units *quadlet.Installer, access *gpu.Access) {
	if !units.Systemctl.User || !access.KeepGroups {
		return
	}
	uid := os.Getuid()
	groups, err := quadlet.UserGroups(ctx, env.Services.Quiet, uid)
	if err != nil {
		env.Log().Debug("finding out which groups services have", "error", err)
		return
	}
	if node, gid, found := unreached(env.Root, access.Nodes, uid, groups); found {
		ui.Warning(env.Err, fmt.Sprintf("your services will not reach %s: their systemd does not have the group %s, and was maybe started before you joined it; to change that, log out of every session, or as root: systemctl restart user@%d.service",
			node, groupName(gid), uid))
	}
}

// unreached finds a device node below root that needs a group which is not among these. What cannot be looked at is not found: the
// start of the service will say so.
func unreached(root string, nodes []string, uid int, groups []uint32) (node string, gid uint32, found bool) {
	for _, node := range nodes {
		info, err := os.Stat(filepath.Join("/", root, node))
		if err != nil {
			continue
		}
		owner, ok := info.Sys().(*syscall.Stat_t)
		open := info.Mode().Perm()&0o006 == 0o006
		if ok && !open && int(owner.Uid) != uid && !slices.Contains(groups, owner.Gid) {
			return node, owner.Gid, true
		}
	}
	return "", 0, false
}

func groupName(gid uint32) string {
	id := strconv.FormatUint(uint64(gid), 10)
	if g, err := user.LookupGroupId(id); err == nil {
		return g.Name
	}
	return id
}
