package registry

import (
	"context"
	"errors"
	"fmt"

	"go.podman.io/image/v5/copy"
	"go.podman.io/image/v5/docker"
	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/pkg/cli/sigstore/params"
	"go.podman.io/image/v5/signature"
	"go.podman.io/image/v5/signature/signer"
	"go.podman.io/image/v5/signature/sigstore"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
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

// signing is what signs one manifest. A nil one signs nothing.
type signing struct {
	plan     *artifacts.Plan
	ref      types.ImageReference // that is signed
	at       types.ImageReference // the same manifest by its digest
	sigstore *signer.Signer       // nil: none
	simple   []byte               // an OpenPGP signature; nil: none
}

// signing reads the keys and signs, so that nothing has been sent when that fails. nil if there is nothing to sign.
func (r *Resolver) signing(ctx context.Context, plan *artifacts.Plan, dest artifacts.Name, o *SignOptions) (*signing, error) {
	if !o.Wanted() {
		return nil, nil
	}
	key, passphrase, err := o.sigstoreKey()
	if err != nil {
		return nil, err
	}
	s := &signing{plan: plan}
	if s.ref, err = docker.NewReference(dest.Reference()); err != nil {
		return nil, fmt.Errorf("%w: %w", artifacts.ErrInvalidName, err)
	}
	pinned, err := reference.WithDigest(reference.TrimNamed(dest.Reference()), plan.Digest)
	if err != nil {
		return nil, err
	}
	if s.at, err = docker.NewReference(pinned); err != nil {
		return nil, err
	}
	if key != "" {
		if s.sigstore, err = sigstore.NewSigner(sigstore.WithPrivateKeyFile(key, []byte(passphrase))); err != nil {
			return nil, err
		}
	}
	if o.GPGKey != "" {
		by := &gpg{ctx: ctx, passphrase: o.Passphrase}
		if s.simple, err = signature.SignDockerManifest(plan.Manifest, s.ref.DockerReference().String(), by, o.GPGKey); err != nil {
			return nil, errors.Join(err, s.close())
		}
	}
	return s, nil
}

func (s *signing) close() error {
	if s == nil || s.sigstore == nil {
		return nil
	}
	return s.sigstore.Close()
}

// put adds the signatures where registries.d says that they belong. The registry has the manifest by its digest; no blob is sent.
func (s *signing) put(ctx context.Context, r *Resolver) error {
	if err := s.putSigstore(ctx, r); err != nil {
		return err
	}
	return s.putSimple(ctx, r)
}

// putSigstore copies the plan onto itself: the registry has all of it but the signature.
func (s *signing) putSigstore(ctx context.Context, r *Resolver) (err error) {
	if s.sigstore == nil {
		return nil
	}
	anything := &signature.Policy{Default: signature.PolicyRequirements{signature.NewPRInsecureAcceptAnything()}}
	judge, err := signature.NewPolicyContext(anything) // what is signed is our own, or was admitted when it was read
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, judge.Destroy()) }()
	scope := synth.Scope{Transport: program, Identity: s.plan.Name.String()}
	raw, err := copy.Image(ctx, judge, s.at, synth.Reference(scope, s.plan), &copy.Options{
		DestinationCtx: r.sys, PreserveDigests: true,
		Signers: []*signer.Signer{s.sigstore}, SignIdentity: s.ref.DockerReference(),
	})
	if err == nil && string(raw) != string(s.plan.Manifest) {
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

// putSimple writes an OpenPGP signature beside those that are there.
func (s *signing) putSimple(ctx context.Context, r *Resolver) (err error) {
	if s.simple == nil {
		return nil
	}
	to, err := s.ref.NewImageDestination(ctx, r.sys)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	if err := to.SupportsSignatures(ctx); err != nil {
		return err
	}
	return to.PutSignatures(ctx, [][]byte{s.simple}, &s.plan.Digest)
}
