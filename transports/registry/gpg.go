package registry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"go.podman.io/image/v5/signature"
)

// gpg signs by the gpg program: the library that is built in only verifies (build tag containers_image_openpgp).
type gpg struct {
	ctx        context.Context //nolint:containedctx // the interface has no other way to give one
	passphrase string
}

var _ signature.SigningMechanism = (*gpg)(nil)

// Close does nothing.
func (g *gpg) Close() error { return nil }

// SupportsSigning says yes: whether the program is there is seen when it is run.
func (g *gpg) SupportsSigning() error { return nil }

// Sign runs gpg. The passphrase goes through a pipe, where no other user can see it.
func (g *gpg) Sign(input []byte, key string) (_ []byte, err error) {
	args := []string{"--batch", "--no-tty", "--local-user", key, "--output", "-"}
	cmd := exec.CommandContext(g.ctx, "gpg", args...)
	if g.passphrase != "" {
		read, write, err := os.Pipe()
		if err != nil {
			return nil, fmt.Errorf("running gpg: %w", err)
		}
		defer read.Close()
		if _, err := io.WriteString(write, g.passphrase); err != nil {
			return nil, fmt.Errorf("running gpg: %w", err)
		}
		if err := write.Close(); err != nil {
			return nil, fmt.Errorf("running gpg: %w", err)
		}
		cmd.ExtraFiles = []*os.File{read} // number 3 in the program
		cmd.Args = append(cmd.Args, "--pinentry-mode", "loopback", "--passphrase-fd", "3")
	}
	cmd.Args = append(cmd.Args, "--sign")
	var out, said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &out, &said
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("running gpg: %w: %s", err, strings.TrimSpace(said.String()))
	}
	return out.Bytes(), nil
}

// Verify is not what this is for.
func (g *gpg) Verify([]byte) ([]byte, string, error) {
	return nil, "", fmt.Errorf("verifying a signature: not by this program")
}

// UntrustedSignatureContents is not what this is for.
func (g *gpg) UntrustedSignatureContents([]byte) ([]byte, string, error) {
	return nil, "", fmt.Errorf("reading a signature: not by this program")
}
