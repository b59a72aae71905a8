//go:build cgo

package main

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestClosedStdout: a result that cannot be written is an error; one that nobody wants is none.
func TestClosedStdout(t *testing.T) {
	for where, want := range map[string]string{
		">&-": "standard output is closed", ">/dev/full": "no space left on device", ">/dev/null": "", "1<>/dev/null": "",
	} {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("sh", "-c", `exec "$0" version `+where, self)
		cmd.Env = append(os.Environ(), "BE_PADDOCK=1")
		said, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		code := 0
		if errors.As(err, &exit) {
			code = exit.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		if code != map[bool]int{false: 1}[want == ""] || !strings.Contains(string(said), want) || want == "" && len(said) > 0 {
			t.Errorf("%s: exit %d, %q", where, code, said)
		}
	}
}
