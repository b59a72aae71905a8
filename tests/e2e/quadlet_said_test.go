//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

// TestQuadletSaid: of a service that does not start the server's own words are told, of one attempt.
func TestQuadletSaid(t *testing.T) {
	NeedPaddock(t)
	b := Boot(t)
	dir := single(t).unpack(t, b.Lab)
	b.MustRun(t, "chmod", "-R", "a+rX", dir)
	for _, who := range b.everyone() {
		out := who.Run(t, "paddock", "quadlet", "install", "-q", "--start", "--name", "said."+who.name, "--image", llamaImage, "--port", who.port,
			dir+"/model.gguf", "--", "--no-such-flag")
		const want = "paddock: error: it said:\npaddock: error: error: invalid argument: --no-such-flag\n" // podman may say that it stopped
		if out.Code != 1 || !strings.Contains(out.Stderr, want) || !strings.Contains(out.Stderr, "paddock: hint: journalctl") ||
			strings.Contains(out.Stderr, "container create") || strings.Contains(out.Stderr, "See \"systemctl") {
			t.Errorf("%s: exit %d, %s\n%s", who.name, out.Code, out.Stderr, who.journal(t, "said."+who.name))
		}
		who.MustRun(t, "paddock", "quadlet", "rm", "said."+who.name)
	}
}
