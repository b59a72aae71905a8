package transports

import (
	"context"

	"github.com/paddock-dev/paddock/artifacts"
)

// Below returns a Resolver that asks another for names below a folder of a registry: "smollm" below "rlcr.io/ramalama" is
// rlcr.io/ramalama/smollm.
func Below(folder string, r Resolver) Resolver { return below{folder + "/", r} }

type below struct {
	prefix   string
	resolver Resolver
}

// Resolve implements Resolver.
func (b below) Resolve(ctx context.Context, input string) (*artifacts.Plan, error) {
	return b.resolver.Resolve(ctx, b.prefix+input)
}
