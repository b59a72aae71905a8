package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"
	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/transports/registry"
)

// sendOptions are those of every command that writes to a registry.
type sendOptions struct {
	transferOptions
	digestFile     string
	sign           registry.SignOptions
	passphraseFile string
}

func (o *sendOptions) flags() []cli.Flag {
	return append(o.transferOptions.flags(),
		&cli.StringFlag{Name: "digestfile", Destination: &o.digestFile, Usage: "write the digest of the manifest to `FILE`"},
		&cli.StringFlag{Name: "sign-by", Destination: &o.sign.GPGKey, Usage: "sign with the GPG key `IDENTITY`, by the gpg program"},
		&cli.StringFlag{Name: "sign-by-sigstore", Destination: &o.sign.SigstoreParams, Usage: "sign as the sigstore parameters in `FILE` say"},
		&cli.StringFlag{Name: "sign-by-sigstore-private-key", Destination: &o.sign.SigstoreKey, Usage: "sign with the sigstore private key in `FILE`"},
		&cli.StringFlag{Name: "sign-passphrase-file", Destination: &o.passphraseFile, Usage: "read the passphrase of the key from the first line of `FILE`"},
	)
}

func (o *sendOptions) check() error {
	if o.sign.SigstoreKey != "" && o.sign.SigstoreParams != "" {
		return usagef("--sign-by-sigstore and --sign-by-sigstore-private-key cannot be used together")
	}
	if o.passphraseFile != "" && !o.sign.Wanted() {
		return usagef("--sign-passphrase-file goes with a flag that says what to sign with")
	}
	for flag, file := range map[string]string{
		"sign-by-sigstore": o.sign.SigstoreParams, "sign-by-sigstore-private-key": o.sign.SigstoreKey,
	} {
		if _, err := os.Stat(file); file != "" && err != nil {
			return fmt.Errorf("reading --%s: %w", flag, err)
		}
	}
	o.sign.ReadPassphrase = firstLine
	if o.passphraseFile != "" {
		passphrase, err := firstLine(o.passphraseFile)
		if err != nil {
			return fmt.Errorf("reading --sign-passphrase-file: %w", err)
		}
		o.sign.Passphrase = passphrase
	}
	return o.transferOptions.check()
}

// show starts showing how blobs are sent.
func (o *sendOptions) show(env *Env) *ui.Progress { return o.showWay(env, true) }

// send pushes a plan, signed if that is wanted, and writes its digest down.
func (o *sendOptions) send(ctx context.Context, env *Env, r *registry.Resolver, plan *artifacts.Plan, dest artifacts.Name, has func(digest.Digest) []artifacts.Name) error {
	cfg, err := env.Config()
	if err != nil {
		return err
	}
	if err := cfg.Pull.Jobs.Override(o.jobs, "--jobs"); err != nil {
		return asUsage(err)
	}
	progress := o.show(env)
	defer progress.Close()
	err = r.Push(ctx, plan, dest, &registry.PushOptions{
		Progress: progress, Jobs: cfg.Pull.Jobs.Value, Has: has, Sessions: env.uploadsDir(), Sign: &o.sign,
	})
	if err != nil {
		return hintSend(err, dest, &o.origin)
	}
	return o.writeDigest(plan.Digest)
}

func (o *sendOptions) writeDigest(d digest.Digest) error {
	if o.digestFile == "" {
		return nil
	}
	if err := os.WriteFile(o.digestFile, []byte(d.String()), 0o644); err != nil {
		return fmt.Errorf("writing --digestfile: %w", err)
	}
	return nil
}

// uploadsDir is where uploads are remembered that were begun; "" if the user has no place for it.
func (e *Env) uploadsDir() string {
	if dir := e.Getenv("XDG_CACHE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, appName, "uploads")
	}
	home, err := e.Home()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".cache", appName, "uploads")
}

// hintSend adds what to do about a failed push.
func hintSend(err error, dest artifacts.Name, o *originOptions) error {
	if errors.Is(err, artifacts.ErrNotFound) {
		return WithHint(err, "paddock ensure repairs a model of which blobs are missing; some registries want a repository to be made first")
	}
	return hintFetch(err, dest.String(), o)
}

// destination reads the name to push to.
func destination(typed string) (artifacts.Name, error) {
	name, err := artifacts.ParseName(localName(typed))
	if err == nil && name.Digest() != "" && name.String() != localName(typed) {
		return artifacts.Name{}, usagef("%q has a tag and a digest: a destination is one or the other", typed)
	}
	if err != nil {
		const want = "a destination is a name in a registry, as in quay.io/ORG/NAME; paddock copy takes a folder, too: oci:PATH or dir:PATH"
		return artifacts.Name{}, WithHint(asUsage(err), want)
	}
	return name, nil
}
