package quadlet

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// UserGroups returns the groups of the systemd that runs the services of a user, and so of the services. They are those that the
// user had when it was started, which is at the first login, or at boot: who joins a group later has it in a new session, and not there.
func UserGroups(ctx context.Context, run Runner, uid int) ([]uint32, error) {
	service := "user@" + strconv.Itoa(uid) + ".service"
	out, err := run.Call(ctx, "systemctl", "show", "--property=MainPID", "--value", "--", service)
	if err != nil {
		return nil, err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(out))
	if err != nil || pid <= 0 {
		return nil, fmt.Errorf("finding the process of %s: systemd said %q", service, out)
	}
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return nil, fmt.Errorf("reading the groups of %s: %w", service, err)
	}
	return groupsIn(string(status))
}

// groupsIn reads proc_pid_status(5): the group is the second of "Gid:", the file system's and the effective one being the same
// here, and the others are in "Groups:".
func groupsIn(status string) ([]uint32, error) {
	var groups []uint32
	for line := range strings.Lines(status) {
		key, value, _ := strings.Cut(line, ":")
		fields := strings.Fields(value)
		switch {
		case key == "Gid" && len(fields) > 1:
			fields = fields[1:2]
		case key != "Groups":
			continue
		}
		for _, f := range fields {
			gid, err := strconv.ParseUint(f, 10, 32)
			if err != nil {
				return nil, fmt.Errorf("reading the groups of a process: %w", err)
			}
			groups = append(groups, uint32(gid))
		}
	}
	return groups, nil
}
