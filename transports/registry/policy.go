package registry

import (
	"context"
	"errors"
	"fmt"

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

// admit asks the policy about a manifest; a refusal wraps artifacts.ErrPolicy. It may read signatures from the network.
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
	var unmet signature.PolicyRequirementError
	var invalid signature.InvalidSignatureError
	switch {
	case err == nil: // paranoia, as in go.podman.io/image/copy
		return fmt.Errorf("checking signatures of %s: %w", name, artifacts.ErrPolicy)
	case errors.As(err, &unmet), errors.As(err, &invalid):
		return fmt.Errorf("checking signatures of %s: %w: %w", name, artifacts.ErrPolicy, source.Scrub(err))
	}
	return r.explain(ctx, name, fmt.Errorf("checking signatures of %s: %w", name, source.Scrub(err)))
}
