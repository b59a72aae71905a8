package quadlet

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.podman.io/image/v5/docker/reference"

	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/artifacts/workload/podmanargs"
)

// Kinds are the units that a service can have beside its own where they are asked for: an image that is pulled when it is missing, a
// network, a volume for what the server keeps, and the model's artifact, which is pulled at each start.
func Kinds() []string { return []string{"image", "network", "volume", "artifact"} }

// ParseKinds reads a list with commas between its items.
func ParseKinds(list string) ([]string, error) {
	if list == "" {
		return nil, nil
	}
	kinds := strings.Split(list, ",")
	for _, k := range kinds {
		if !slices.Contains(Kinds(), k) {
			return nil, fmt.Errorf("unit %q: it must be one of %s", k, strings.Join(Kinds(), ", "))
		}
	}
	return kinds, nil
}

// cacheDir is where a server's cache is in the container if it has a volume.
const cacheDir = "/cache"

// with renders the units that were asked for, and returns the workload that uses them.
func with(spec *workload.Spec, opts *UnitOptions) ([]File, *workload.Spec, error) {
	using := *spec
	var files []File
	for _, kind := range Kinds() {
		if !slices.Contains(opts.With, kind) {
			continue
		}
		u := &unit{}
		u.section("Unit")
		u.text("Description", strings.ToUpper(kind[:1])+kind[1:]+" of the model server "+spec.Name)
		name := spec.Name + "." + kind
		var err error
		switch kind {
		case "image":
			err = imageUnit(u, spec, opts)
			using.Image = name
		case "network":
			err = networkUnit(u, spec, opts)
			using.Network = name
		case "volume":
			err = volumeUnit(u, spec)
		case "artifact":
			err = artifactUnit(u, spec, opts)
			using.MountSource = name
		}
		if err = errors.Join(err, u.err); err != nil {
			return nil, nil, fmt.Errorf("a unit of the %s: %w", kind, err)
		}
		files = append(files, File{name, u.buf.Bytes()})
	}
	return files, &using, nil
}

// since fails for a Podman whose generator does not know a key.
func since(opts *UnitOptions, minor int) error {
	if need := (podmanargs.Version{Major: 5, Minor: minor}); opts.PodmanVersion.Compare(need) < 0 {
		return fmt.Errorf("it needs podman %s or later, and this is %s", need, opts.PodmanVersion)
	}
	return nil
}

func imageUnit(u *unit, spec *workload.Spec, opts *UnitOptions) error {
	u.section("Image")
	u.arg("Image", spec.Image)
	u.fixed("Policy", "missing") // or no service would start without the registry
	return since(opts, 6)
}

func networkUnit(u *unit, spec *workload.Spec, opts *UnitOptions) error {
	u.section("Network")
	u.fixed("NetworkDeleteOnStop", "true")
	switch {
	case spec.Pod != "":
		return errors.New("the container has that of its pod")
	case spec.Network != "":
		return fmt.Errorf("the container has the network %s", spec.Network)
	}
	return since(opts, 6)
}

func volumeUnit(u *unit, spec *workload.Spec) error {
	u.section("Volume")
	if spec.Runtime != workload.VLLM {
		return errors.New("llama.cpp keeps nothing that it needs again, only vLLM does")
	}
	return nil
}

// artifactUnit has the flags by which the model is pulled. The files of a model are mounted from it only if a registry has it.
func artifactUnit(u *unit, spec *workload.Spec, opts *UnitOptions) error {
	u.section("Artifact")
	u.arg("Artifact", spec.Model)
	keys := map[string]string{"--tls-verify": "TLSVerify", "--authfile": "AuthFile", "--cert-dir": "CertDir"}
	for n := 0; n < len(opts.EnsureArgs); n++ {
		flag, value, together := strings.Cut(opts.EnsureArgs[n], "=")
		if n++; !together && n < len(opts.EnsureArgs) {
			value = opts.EnsureArgs[n]
		} else {
			n--
		}
		if keys[flag] == "" {
			return fmt.Errorf("podman cannot pull the model by %s", flag)
		}
		u.arg(keys[flag], value)
	}
	named, err := reference.ParseNamed(spec.Model)
	switch {
	case err != nil || reference.Domain(named) == "localhost" || opts.Origin != "":
		return fmt.Errorf("podman cannot pull the model %s, which is of no registry", spec.Model)
	case spec.MountSource != "" || slices.ContainsFunc(spec.Mounts, func(m workload.FileMount) bool { return m.Digest == "" && m.Title == "" }):
		return errors.New("the files of the model are not mounted from the artifact itself")
	}
	return since(opts, 7)
}
