package main

import (
	"os"

	"go.podman.io/storage/pkg/homedir"
	"go.podman.io/storage/pkg/unshare"
)

// ownRuntimeDir sets XDG_RUNTIME_DIR of the process where su, sudo or cron left it unset, as Podman does for itself: the
// container libraries look for credentials in it, and without it in a folder that root's Podman closes to others. Root has
// none. If no folder is fit, the variable stays unset, and what needs it says so.
func ownRuntimeDir() {
	if os.Getenv("XDG_RUNTIME_DIR") != "" || !unshare.IsRootless() {
		return
	}
	if dir, err := homedir.GetRuntimeDir(); err == nil {
		_ = os.Setenv("XDG_RUNTIME_DIR", dir) // fails for names that are none
	}
}
