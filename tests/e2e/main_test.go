//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	code, err := runInLab(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

// runInLab makes the lab, takes it for this run, and gives the tests one that nobody has used.
func runInLab(m *testing.M) (int, error) {
	if os.Getuid() != 0 {
		return 0, errors.New("the lab is made and entered as root; run these tests as root")
	}
	if err := os.MkdirAll(binDir(), 0o755); err != nil {
		return 0, fmt.Errorf("making the folder of the built program: %w", err)
	}
	release, err := hold(filepath.Join(labDir(), "e2e.lock"))
	if err != nil {
		return 0, err
	}
	defer release()
	for _, args := range [][]string{{"setup", "--docker"}, {"boot", "clean"}, {"enter", "--reset"}} {
		if err := prepare(args...); err != nil {
			return 0, err
		}
	}
	code := m.Run()
	// what a failed test left running must not outlive the run; its files stay, to be looked at
	return code, errors.Join(prepare("boot", "stop"), prepare("enter", "--down"))
}

// prepare runs one of the lab's scripts outside of any test.
func prepare(args ...string) error {
	cmd := exec.Command(labScript(args[0]), args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("running tests/lab/%s: %w", args[0], err)
	}
	return nil
}

// hold waits for the lock at path; two runs at once would reset each other's lab.
func hold(path string) (release func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the lock of the lab: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		return nil, errors.Join(fmt.Errorf("locking %s: %w", path, err), f.Close())
	}
	return func() { f.Close() }, nil
}

// labDir is where the scripts keep the lab: PADDOCK_LAB, by their default.
func labDir() string {
	if dir := os.Getenv("PADDOCK_LAB"); dir != "" {
		return dir
	}
	return "/var/tmp/paddock-lab"
}

// binDir is shown in the lab as /usr/local/bin. The folder, not the program, is bound: a rebuilt one is seen at once.
func binDir() string { return filepath.Join(labDir(), "bin") }

// labScript is the path of one of the lab's scripts; tests run in their own folder.
func labScript(name string) string { return filepath.Join("..", "lab", name) }
