package registry

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.podman.io/image/v5/image"
	"go.podman.io/image/v5/signature"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports/source"
)

// policy reads containers-policy.json(5). A machine without one is an error, as for Podman: no rule is made up.
func (r *Resolver) policy() (*signature.Policy, error) {
	policy, err := signature.DefaultPolicy(r.sys)
	if err != nil {
		return nil, fmt.Errorf("reading the signature policy: %w", err)
	}
	return policy, nil
}

// admit asks the policy about a manifest; a refusal is a PolicyError. It may read signatures from the network.
func (r *Resolver) admit(ctx context.Context, policy *signature.Policy, name artifacts.Name, m *image.UnparsedImage) (err error) {
	judge, err := signature.NewPolicyContext(policy) // serves one question at a time
	if err != nil {
		return fmt.Errorf("reading the signature policy: %w", err)
	}
	defer func() {
		if end := judge.Destroy(); err == nil && end != nil {
			err = fmt.Errorf("closing the signature policy: %w", end)
		}
	}()
	allowed, err := judge.IsRunningImageAllowed(ctx, m)
	if err == nil && allowed {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("checking signatures of %s: %w", name, context.Cause(ctx))
	}
	if err == nil { // paranoia, as in go.podman.io/image/copy
		err = errors.New("it gives no reason")
	}
	if !byPolicy(err) {
		// Many reasons have no type. If the signatures can be read now, they were the reason, and not the network.
		if _, unread := m.UntrustedSignatures(ctx); unread != nil {
			return r.explain(ctx, name, fmt.Errorf("reading signatures of %s: %w", name, unread))
		}
	}
	return &PolicyError{Act: r.judging(name), Unsigned: unsigned(err), Err: source.Scrub(err)}
}

// judging says what is being done, and by which rules.
func (r *Resolver) judging(name artifacts.Name) string {
	if file := policyFile(r.sys); file != "" {
		return fmt.Sprintf("checking %s against %s", name, file)
	}
	return fmt.Sprintf("checking %s against the signature policy", name)
}

// byPolicy says whether an error is the policy's word for sure.
func byPolicy(err error) bool {
	var unmet signature.PolicyRequirementError
	var invalid signature.InvalidSignatureError
	return errors.As(err, &unmet) || errors.As(err, &invalid)
}

// unsigned says whether the policy missed a signature, rather than disliked one. The library says so in words only
// (signature/policy_eval_signedby.go and policy_eval_sigstore.go).
func unsigned(err error) bool {
	var unmet signature.PolicyRequirementError
	return errors.As(err, &unmet) && strings.Contains(string(unmet), "no signature exists")
}
