package registry

import (
	"context"
	"errors"
	"fmt"

	"go.podman.io/image/v5/copy"
	"go.podman.io/image/v5/docker"
	"go.podman.io/image/v5/pkg/cli/sigstore/params"
	"go.podman.io/image/v5/signature"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports/source"
	"github.com/paddock-dev/paddock/transports/synth"
)

// SignOptions say how to sign. The zero value signs nothing.
type SignOptions struct {
	// SigstoreKey is the file of a private key, for a sigstore signature.
	SigstoreKey string
	// SigstoreParams is a file of parameters, containers-sigstore-signing-params.yaml(5). Those of Fulcio and Rekor are
	// refused: they are other programs' work.
	SigstoreParams string
	// GPGKey is the identity of a key, for a simple signature, which the gpg program makes.
	GPGKey string
	// Passphrase of the key; "": it has none, or, for gpg, its agent knows.
	Passphrase string
	// ReadPassphrase reads the file that SigstoreParams names; nil: such files are refused.
	ReadPassphrase func(file string) (string, error)
}

// Wanted says whether there is anything to sign.
func (o *SignOptions) Wanted() bool {
	return o != nil && (o.SigstoreKey != "" || o.SigstoreParams != "" || o.GPGKey != "")
}

// Sign adds signatures of a manifest that dest has, where registries.d says that they belong. No blob is sent.
func (r *Resolver) Sign(ctx context.Context, plan *artifacts.Plan, dest artifacts.Name, o *SignOptions) error {
	if !o.Wanted() {
		return nil
	}
	ref, err := docker.NewReference(dest.Reference())
	if err != nil {
		return fmt.Errorf("signing %s: %w: %w", dest, artifacts.ErrInvalidName, err)
	}
	if err = r.signSigstore(ctx, plan, ref, o); err == nil {
		err = r.signSimple(ctx, plan, ref, o)
	}
	if err != nil {
		return fmt.Errorf("signing %s: %w", dest, source.NetError(ctx, source.Scrub(err)))
	}
	return nil
}

// signSigstore copies the plan onto itself: the registry has all of it but the signature.
func (r *Resolver) signSigstore(ctx context.Context, plan *artifacts.Plan, ref types.ImageReference, o *SignOptions) (err error) {
	key, passphrase, err := o.sigstoreKey()
	if err != nil || key == "" {
		return err
	}
	anything := &signature.Policy{Default: signature.PolicyRequirements{signature.NewPRInsecureAcceptAnything()}}
	judge, err := signature.NewPolicyContext(anything) // what is signed is our own, or was admitted when it was read
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, judge.Destroy()) }()
	scope := synth.Scope{Transport: program, Identity: plan.Name.String()}
	raw, err := copy.Image(ctx, judge, ref, synth.Reference(scope, plan), &copy.Options{
		DestinationCtx: r.sys, PreserveDigests: true,
		SignBySigstorePrivateKeyFile: key, SignSigstorePrivateKeyPassphrase: []byte(passphrase),
	})
	if err == nil && string(raw) != string(plan.Manifest) {
		return fmt.Errorf("%w: another manifest was signed", artifacts.ErrVerification)
	}
	return err
}

// sigstoreKey returns the file of the private key and its passphrase; "" for none.
func (o *SignOptions) sigstoreKey() (key, passphrase string, err error) {
	if o.SigstoreParams == "" {
		return o.SigstoreKey, o.Passphrase, nil
	}
	p, err := params.ParseFile(o.SigstoreParams)
	switch {
	case err != nil:
		return "", "", fmt.Errorf("reading the signing parameters %s: %w", o.SigstoreParams, err)
	case p.Fulcio != nil || p.RekorURL != "":
		return "", "", fmt.Errorf("reading the signing parameters %s: fulcio and rekorURL are not supported, only privateKeyFile", o.SigstoreParams)
	case p.PrivateKeyPassphraseFile == "":
		return p.PrivateKeyFile, o.Passphrase, nil
	case o.ReadPassphrase == nil:
		return "", "", fmt.Errorf("reading the signing parameters %s: privateKeyPassphraseFile cannot be read", o.SigstoreParams)
	}
	passphrase, err = o.ReadPassphrase(p.PrivateKeyPassphraseFile)
	return p.PrivateKeyFile, passphrase, err
}

// signSimple writes an OpenPGP signature beside those that are there.
func (r *Resolver) signSimple(ctx context.Context, plan *artifacts.Plan, ref types.ImageReference, o *SignOptions) (err error) {
	if o.GPGKey == "" {
		return nil
	}
	signed, err := signature.SignDockerManifest(plan.Manifest, ref.DockerReference().String(),
		&gpg{ctx: ctx, passphrase: o.Passphrase}, o.GPGKey)
	if err != nil {
		return err
	}
	to, err := ref.NewImageDestination(ctx, r.sys)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	if err := to.SupportsSignatures(ctx); err != nil {
		return err
	}
	return to.PutSignatures(ctx, [][]byte{signed}, &plan.Digest)
}
