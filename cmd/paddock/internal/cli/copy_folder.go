package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.podman.io/image/v5/copy"
	"go.podman.io/image/v5/directory"
	"go.podman.io/image/v5/oci/layout"
	"go.podman.io/image/v5/signature"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/transports/synth"
)

// toFolder copies a plan into a folder of containers/image's.
func (o *copyOptions) toFolder(ctx context.Context, env *Env, plan *artifacts.Plan) (err error) {
	dest := o.dest
	path, isDir := strings.CutPrefix(dest, "dir:")
	var folder *dirDest
	if isDir {
		if folder, err = openDir(path); err != nil {
			return fmt.Errorf("copying to %s: %w", o.dest, err)
		}
		defer func() { err = errors.Join(err, folder.close()) }()
		dest = "dir:" + folder.arriving
	}
	ref, err := folderReference(dest)
	if err != nil {
		return err
	}
	if !isDir {
		o.removeArriving(env)
	}
	anything := &signature.Policy{Default: signature.PolicyRequirements{signature.NewPRInsecureAcceptAnything()}}
	judge, err := signature.NewPolicyContext(anything) // the policy was asked when the plan was made
	if err != nil {
		return fmt.Errorf("copying to %s: %w", o.dest, err)
	}
	defer func() { err = errors.Join(err, judge.Destroy()) }()
	watched, done := watchPlan(plan, o.send.show(env))
	defer done()
	scope := synth.Scope{Transport: appName, Identity: plan.Name.String()}
	raw, err := copy.Image(ctx, judge, ref, synth.Reference(scope, watched), &copy.Options{PreserveDigests: true})
	if err != nil {
		return fmt.Errorf("copying to %s: %w", o.dest, err)
	}
	if string(raw) != string(plan.Manifest) {
		return fmt.Errorf("copying to %s: %w: another manifest was written", o.dest, artifacts.ErrVerification)
	}
	if isDir {
		if err := folder.commit(); err != nil {
			return fmt.Errorf("copying to %s: %w", o.dest, err)
		}
	}
	if err := o.send.writeDigest(plan.Digest); err != nil {
		return err
	}
	return ui.Text(env.Out, o.dest+" "+plan.Digest.String())
}

// checkFolder refuses oci: and dir: without a path: an empty one would mean the current folder.
func checkFolder(dest string) error {
	prefix, path, _ := strings.Cut(dest, ":")
	if prefix == "oci" {
		path, _, _ = strings.Cut(path, ":")
	}
	if path == "" {
		return usagef("reading the destination %q: no path follows %q", dest, prefix+":")
	}
	return nil
}

// folderReference reads oci:FOLDER[:TAG] and dir:FOLDER.
func folderReference(dest string) (types.ImageReference, error) {
	if path, ok := strings.CutPrefix(dest, "dir:"); ok {
		ref, err := directory.NewReference(path)
		if err != nil {
			return nil, fmt.Errorf("copying to %s: %w", dest, err)
		}
		return ref, nil
	}
	ref, err := layout.ParseReference(strings.TrimPrefix(dest, "oci:"))
	if err != nil {
		return nil, usagef("reading the destination %q: %w", dest, err)
	}
	return ref, nil
}
