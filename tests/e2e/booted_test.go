//go:build e2e

package e2e

import "testing"

// Booted is the lab under a real systemd: a copy of what setup made, with its own network and disk. Run and MustRun run
// root's commands in units of their own, those of a User in the user's systemd, lingering from then on.
type Booted struct{ Lab }

// Boot boots the one lab there can be; the end of the test cuts its power and removes its disk. Tests that use it cannot
// run in parallel.
func Boot(t testing.TB) Booted {
	t.Helper()
	t.Cleanup(func() { mustScript(t, "boot", "clean") })
	mustScript(t, "boot", "clean")
	mustScript(t, "boot", "start", "--bind", binDir()+":/usr/local/bin")
	return Booted{Lab{booted: true}}
}

// Restart is a reboot: power off, then boot the same disk. What ran is gone but for enabled units.
func (b Booted) Restart(t testing.TB) {
	t.Helper()
	mustScript(t, "boot", "restart")
}
