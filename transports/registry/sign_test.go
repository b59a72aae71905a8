package registry_test

import (
	"errors"
	"strings"
	"testing"

	"go.podman.io/image/v5/signature/sigstore"

	"github.com/paddock-dev/paddock/artifacts"
	fake "github.com/paddock-dev/paddock/tests/fakes/registry"
	"github.com/paddock-dev/paddock/transports/registry"
)

// sigstoreKey writes a private key.
func (p *pushing) sigstoreKey(t *testing.T, passphrase string) string {
	t.Helper()
	pair, err := sigstore.GenerateKeyPair([]byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	return p.write("key.private", string(pair.PrivateKey))
}

// TestPushSigned: the tag appears when the signature is there, in the place that registries.d says.
func TestPushSigned(t *testing.T) {
	p := newPushing(t, &fake.Options{})
	p.write("registries.d/here.yaml", "docker:\n  "+p.to.Host()+":\n    use-sigstore-attachments: true\n")
	p.o.Sign = &registry.SignOptions{SigstoreKey: p.sigstoreKey(t, "right"), Passphrase: "right"}
	attached := "a/m:" + strings.ReplaceAll(p.plan.Digest.String(), ":", "-") + ".sig"
	for _, name := range []string{"a/m:1", "a/m@" + p.plan.Digest.String()} {
		if err := p.push(t, name); err != nil {
			t.Fatal(err)
		}
		p.there(t, name)
		if signed := p.resolve(p.to.Host() + "/" + attached); !strings.Contains(string(signed.Manifest), "dev.cosignproject.cosign/signature") {
			t.Errorf("%s: the signature is %s", name, signed.Manifest)
		}
	}
}

// TestPushUnsigned: a signature that cannot be made, or put, leaves no tag; and with a key that cannot be used, nothing is sent.
func TestPushUnsigned(t *testing.T) {
	for what, c := range map[string]struct {
		sign registry.SignOptions
		says string
		sent bool // but no tag
	}{
		"wrong passphrase": {registry.SignOptions{Passphrase: "wrong"}, "initializing private key", false},
		"no such key":      {registry.SignOptions{Passphrase: "right", SigstoreKey: "/none"}, "reading private key", false},
		"unknown identity": {registry.SignOptions{GPGKey: "nobody@x.example"}, "running gpg", false},
		"attachments off":  {registry.SignOptions{Passphrase: "right"}, "disabled by configuration; the registry has it unsigned", true},
	} {
		t.Run(what, func(t *testing.T) {
			p := newPushing(t, &fake.Options{})
			if c.sign.SigstoreKey == "" && c.sign.GPGKey == "" {
				c.sign.SigstoreKey = p.sigstoreKey(t, "right")
			}
			p.o.Sign = &c.sign
			err := p.push(t, "a/m:1")
			if err == nil || !strings.Contains(err.Error(), "signing ") || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v", err)
			}
			if !c.sent && p.to.Count() != 0 {
				t.Errorf("%d requests were sent", p.to.Count())
			}
			if _, err := p.resolver().Resolve(t.Context(), p.to.Host()+"/a/m:1"); !errors.Is(err, artifacts.ErrNotFound) {
				t.Errorf("the tag is there, unsigned: %v", err)
			}
			if c.sent {
				p.there(t, "a/m@"+p.plan.Digest.String())
			}
		})
	}
}
