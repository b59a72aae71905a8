package synth

import (
	"context"
	"errors"
	"fmt"

	"go.podman.io/image/v5/image"
	"go.podman.io/image/v5/signature"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
)

// Admit checks containers-policy.json for a plan, before any weight is read. The error wraps artifacts.ErrPolicy if the
// policy refuses it, as one does that wants signatures: origins without manifests have none.
func Admit(ctx context.Context, sys *types.SystemContext, scope Scope, plan *artifacts.Plan) (err error) {
	policy, err := signature.DefaultPolicy(sys)
	if err != nil {
		return fmt.Errorf("reading the signature policy: %w", err)
	}
	checker, err := signature.NewPolicyContext(policy)
	if err != nil {
		return fmt.Errorf("reading the signature policy: %w", err)
	}
	defer func() { err = errors.Join(err, checker.Destroy()) }()
	ref := &imageReference{scope: scope, plan: plan}
	allowed, err := checker.IsRunningImageAllowed(ctx, image.UnparsedInstance(newSource(ref), nil))
	if err != nil || !allowed {
		return fmt.Errorf("%w: %s:%s: %w", artifacts.ErrPolicy, scope.Transport, scope.Identity, err)
	}
	return nil
}
