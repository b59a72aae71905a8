package imagestore

import (
	"os"
	"testing"

	"go.podman.io/storage/pkg/reexec"
)

// TestMain lets the storage library start this program to unpack a layer.
func TestMain(m *testing.M) {
	if reexec.Init() {
		return
	}
	// The race detector lets every process wait for a second at its end, also those that unpack a layer.
	if err := os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=0"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
