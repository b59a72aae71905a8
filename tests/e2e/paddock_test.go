//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// NeedPaddock builds the program, once a run, where every lab sees it as /usr/local/bin/paddock.
func NeedPaddock(t testing.TB) {
	t.Helper()
	if err := buildPaddock(); err != nil {
		t.Fatal(err)
	}
}

// buildPaddock is cgo's build, as packages ship it: only that one can enter a user namespace for the image store.
var buildPaddock = sync.OnceValue(func() error {
	cmd := exec.Command("go", "build", "-buildvcs=false", "-tags=containers_image_openpgp,exclude_graphdriver_btrfs",
		"-o", filepath.Join(binDir(), "paddock"), "./cmd/paddock")
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building paddock: %w\n%s", err, out)
	}
	return nil
})
