package quadlet

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"go.podman.io/image/v5/docker/reference"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/artifacts/workload/podmanargs"
)

func check(spec *workload.Spec, opts *UnitOptions) error {
	if err := spec.Validate(); err != nil {
		return err
	}
	if opts == nil || opts.PodmanVersion == (podmanargs.Version{}) {
		return errors.New("the version of podman is not known")
	}
	artifact := slices.ContainsFunc(spec.Mounts, func(m workload.FileMount) bool { return m.HostPath == "" })
	if artifact && !opts.PodmanVersion.Native() {
		return fmt.Errorf("podman %s cannot mount the files of a model, it needs %s or later", opts.PodmanVersion, podmanargs.MinNative())
	}
	if opts.OnDemand != nil && !filepath.IsAbs(opts.OnDemand.Proxy) {
		return fmt.Errorf("the path %q of systemd-socket-proxyd must be absolute", opts.OnDemand.Proxy)
	}
	// systemd expands no variables in the path of a program, so a "$" could not be protected
	if !filepath.IsAbs(opts.Paddock) || strings.Contains(opts.Paddock, "$") {
		return fmt.Errorf("the path %q of paddock must be absolute and without $", opts.Paddock)
	}
	if n, err := artifacts.ParseName(spec.Model); err != nil {
		return err
	} else if n.Digest() == "" {
		return fmt.Errorf("the model %s is not pinned by its digest, and another may have its name when the service starts", spec.Model)
	}
	for _, a := range slices.Concat(spec.Args, opts.EnsureArgs) {
		if err := noEnd(a); err != nil {
			return err
		}
	}
	if opts.AutoUpdate {
		if err := canAutoUpdate(spec.Image); err != nil {
			return err
		}
	}
	return notUnit(spec.Image)
}

// canAutoUpdate refuses what podman-auto-update(1) cannot look up, or would never find moved.
func canAutoUpdate(image string) error {
	named, err := reference.ParseNamed(image)
	if err != nil || reference.Domain(named) == "localhost" {
		return fmt.Errorf("image %q: it can be updated automatically only by a name with its registry in front", image)
	}
	if _, pinned := named.(reference.Digested); pinned {
		return fmt.Errorf("image %q: a digest never moves, so that there is nothing to update automatically", image)
	}
	return nil
}
