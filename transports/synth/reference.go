package synth

import (
	"context"
	"errors"
	"fmt"

	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/image"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
)

// Scope is where containers-policy.json looks for the rules of an origin: below the transport's name, under Identity, then
// under each of Namespaces, then "", then the policy's default (containers-policy.json(5)).
type Scope struct {
	// Transport is the word under "transports" in the policy: "hf".
	Transport string
	// Identity is the most exact scope: "Qwen/Qwen3-0.6B-GGUF".
	Identity string
	// Namespaces are the wider scopes, the most exact first: "Qwen".
	Namespaces []string
}

// Reference shows a plan to containers/image as an image to be read, never written. The plan must be whole.
func Reference(scope Scope, plan *artifacts.Plan) types.ImageReference {
	return &imageReference{scope: scope, plan: plan}
}

type imageReference struct {
	scope Scope
	plan  *artifacts.Plan
}

var _ types.ImageReference = (*imageReference)(nil)

func (r *imageReference) Transport() types.ImageTransport         { return transport(r.scope.Transport) }
func (r *imageReference) StringWithinTransport() string           { return r.scope.Identity }
func (r *imageReference) DockerReference() reference.Named        { return nil }
func (r *imageReference) PolicyConfigurationIdentity() string     { return r.scope.Identity }
func (r *imageReference) PolicyConfigurationNamespaces() []string { return r.scope.Namespaces }

func (r *imageReference) NewImageSource(context.Context, *types.SystemContext) (types.ImageSource, error) {
	return newSource(r), nil
}

func (r *imageReference) NewImage(ctx context.Context, sys *types.SystemContext) (types.ImageCloser, error) {
	return image.FromSource(ctx, sys, newSource(r))
}

func (r *imageReference) NewImageDestination(context.Context, *types.SystemContext) (types.ImageDestination, error) {
	return nil, r.readOnly("written")
}

func (r *imageReference) DeleteImage(context.Context, *types.SystemContext) error {
	return r.readOnly("deleted")
}

var errReadOnly = errors.New("models are only read from there")

func (r *imageReference) readOnly(act string) error {
	return fmt.Errorf("%s:%s cannot be %s: %w", r.scope.Transport, r.scope.Identity, act, errReadOnly)
}

// transport is the name of an origin's transport. It is not registered with containers/image, which looks transports up
// only to parse strings and policies; a policy may name one that it does not know.
type transport string

func (t transport) Name() string { return string(t) }

func (t transport) ParseReference(s string) (types.ImageReference, error) {
	return nil, fmt.Errorf("%s:%s: not to be had from a string alone", t, s)
}

func (t transport) ValidatePolicyConfigurationScope(string) error { return nil }
