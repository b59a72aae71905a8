package registry

import (
	"context"
	"fmt"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
)

// Complete says whether the repository of dest has every blob of a plan, or took those that it lacked from another repository of its
// registry that has names (nil: none; see PushOptions.Has). Push then sends the manifest alone. The plan's blobs need not open. Errors are as for Push.
func (r *Resolver) Complete(ctx context.Context, plan *artifacts.Plan, dest artifacts.Name, has func(digest.Digest) []artifacts.Name) (bool, error) {
	p, err := r.pusher(dest, &PushOptions{Has: has})
	if err == nil {
		err = p.at.probe(ctx)
	}
	if err != nil {
		return false, fmt.Errorf("looking at %s: %w", dest, err)
	}
	for i := range plan.Blobs {
		u := newUpload(p, &plan.Blobs[i])
		there, err := u.there(ctx)
		if err != nil {
			return false, fmt.Errorf("looking for blob %s at %s: %w", u.blob.Digest, dest, err)
		}
		if !there && !u.mount(ctx) {
			return false, nil // an upload that was begun in place of a mount is the registry's to drop
		}
	}
	return true, nil
}
