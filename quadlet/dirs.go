package quadlet

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// UnitDir returns the folder that units are installed in: /etc/containers/systemd, or ${XDG_CONFIG_HOME:-~/.config}/containers/systemd
// of a user (podman-systemd.unit(5), UNIT SEARCH PATH). QUADLET_UNIT_DIRS has no part in it: systemd does not pass it to the generator.
// A user without XDG_CONFIG_HOME and HOME makes an error.
func UnitDir(rootless bool, getenv func(string) string) (string, error) {
	return unitDir(rootless, getenv, "containers", "systemd")
}

// PlainDir returns the folder of the units that go with them and are not Quadlet's: /etc/systemd/system, or
// ${XDG_CONFIG_HOME:-~/.config}/systemd/user of a user (systemd.unit(5), UNIT FILE LOAD PATH).
func PlainDir(rootless bool, getenv func(string) string) (string, error) {
	if !rootless {
		return unitDir(rootless, getenv, "systemd", "system")
	}
	return unitDir(rootless, getenv, "systemd", "user")
}

// unitDir is a folder below that of the configuration.
func unitDir(rootless bool, getenv func(string) string, below ...string) (string, error) {
	config := "/etc"
	if rootless {
		config = getenv("XDG_CONFIG_HOME")
	}
	if config == "" {
		home := getenv("HOME")
		if home == "" {
			return "", errors.New("finding the folder of the user's units: HOME is not set")
		}
		config = filepath.Join(home, ".config")
	}
	if !filepath.IsAbs(config) {
		return "", fmt.Errorf("finding the folder of the user's units: %q is not an absolute path", config)
	}
	return filepath.Join(append([]string{config}, below...)...), nil
}

// Lingers says whether the services of a user start at boot, and not only when that user logs in (loginctl(1), enable-linger).
func Lingers(user string) (bool, error) { return lingers("/var/lib/systemd/linger", user) }

func lingers(dir, user string) (bool, error) {
	if user == "" || filepath.Base(user) != user {
		return false, fmt.Errorf("finding out whether the services of %q start at boot: it is no name of a user", user)
	}
	_, err := os.Stat(filepath.Join(dir, user))
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	default:
		return false, fmt.Errorf("finding out whether the services of %s start at boot: %w", user, err)
	}
}
