package cli

import (
	"os/user"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/quadlet"
)

// systemctl is a command about a service, for people to type.
func systemctl(units *quadlet.Installer, verb, service string) string {
	if units.Systemctl.User {
		return "systemctl --user " + verb + " " + service
	}
	return "systemctl " + verb + " " + service
}

// journal is the command that shows what a service said.
func journal(units *quadlet.Installer, service string) string {
	if units.Systemctl.User {
		return "journalctl --user -u " + service
	}
	return "journalctl -u " + service
}

// warnLinger says so if the services of the user do not start at boot.
func warnLinger(env *Env, units *quadlet.Installer) {
	if !units.Systemctl.User {
		return
	}
	me, err := user.Current()
	if err != nil {
		env.Log().Debug("finding out whether services start at boot", "error", err)
		return
	}
	lingers, err := quadlet.Lingers(me.Username)
	if err != nil {
		env.Log().Debug("finding out whether services start at boot", "error", err)
		return
	}
	if !lingers {
		ui.Warning(env.Err, "your services start when you log in, not at boot; to change that: loginctl enable-linger "+me.Username)
	}
}
