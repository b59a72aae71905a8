package atrest

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// waitReason says who holds the lock file, as far as the kernel tells.
func waitReason(path string) string {
	const reason = "waiting for the store's lock"
	pid := lockHolder(path)
	if pid <= 0 {
		return reason
	}
	comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return fmt.Sprintf("%s, held by process %d", reason, pid)
	}
	return fmt.Sprintf("%s, held by %s (pid %d)", reason, strings.TrimSpace(string(comm)), pid)
}

// lockHolder returns a process that holds a POSIX lock on the file; 0 if that is unknown. It reads /proc/locks, because
// fcntl(F_GETLK) needs an open file, and closing any descriptor of the file would drop a lock that this very process holds.
func lockHolder(path string) int {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return 0
	}
	table, err := os.ReadFile("/proc/locks")
	if err != nil {
		return 0
	}
	return findHolder(string(table), &st)
}

// findHolder reads the table as proc_locks(5) has it:
//
//	1: POSIX  ADVISORY  WRITE 4321 fe:00:802822 0 EOF
//
// A process that waits has "->" before POSIX. On btrfs the device differs from that of stat(2), so that a lock on the same
// inode number of another device is the second choice.
func findHolder(table string, st *unix.Stat_t) int {
	inode := strconv.FormatUint(st.Ino, 10)
	exact := fmt.Sprintf("%02x:%02x:%s", unix.Major(st.Dev), unix.Minor(st.Dev), inode)
	other := 0
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 6 || f[1] != "POSIX" || !strings.HasSuffix(f[5], ":"+inode) {
			continue
		}
		pid, err := strconv.Atoi(f[4])
		if err != nil || pid <= 0 {
			continue // a process of another namespace
		}
		if f[5] == exact {
			return pid
		}
		other = pid
	}
	return other
}
