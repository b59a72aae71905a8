//go:build e2e

package e2e

import (
	"context"
	"os/exec"
	"strings"
	"testing"
)

// TestDemo: the command of the README ends with an answer.
func TestDemo(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), commandLimit)
	defer cancel()
	out, err := exec.CommandContext(ctx, "make", "-C", "../..", "demo").CombinedOutput()
	if err != nil {
		t.Fatalf("make demo: %v\n%s", err, out)
	}
	for _, want := range []string{`"tokens": 8`, "127.0.0.1:5055/demo/tiny", "==> done"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("make demo printed no %q:\n%s", want, out)
		}
	}
}
