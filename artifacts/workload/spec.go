// Package workload holds everything needed to serve one model, and nothing about by which engine.
//
// A Spec is data. The engines render it to an argument vector, the quadlet package to units: from one value, so that a
// dry run, a run and a service cannot differ.
package workload

import (
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/gpu"
)

// ModelRoot is where a container sees the files of its model.
const ModelRoot = "/models"

// ContainerPort is the port that the server listens on inside a container with a network of its own.
const ContainerPort = 8080

// Spec is one model server.
type Spec struct {
	// Name is the name of the container and of the unit.
	Name string
	// Model is the name of the model, as the store has it; for a service it pins the digest.
	Model string
	// MountSource is the artifact, or the image, that the files are mounted from, where that is another than Model: the single
	// files that were unpacked from it. "" is Model. It has no meaning for files bound from the host.
	MountSource string
	// ModelDigest is the manifest's digest, for labels.
	ModelDigest digest.Digest
	// Mounts are the files, each at an absolute path below ModelRoot.
	Mounts []FileMount
	// Runtime is the program that serves the model, never Auto; "" is LlamaCPP.
	Runtime Runtime
	// Image is the server's container image.
	Image string
	// Args are the server's arguments, after the image's entry point.
	Args []string
	// Env is passed to the container in this order.
	Env []EnvVar
	// Host is the address that the service is reached at, an IP literal, 127.0.0.1 unless told otherwise; Port its port on
	// that address.
	Host string
	Port int
	// Network is the container's network in Podman's words; "" is the engine's default. With "host" the server itself
	// listens on Host:Port and nothing is published; with "none" nothing is published, nor in another container's network.
	Network string
	// Pod is the pod of Podman's that the container is in; "" is none. Its containers share one network, the pod's, which publishes
	// their ports, and so the server listens on Port inside, too. Network must be "" then.
	Pod string
	// Access is what the container is given of the host's accelerators; the zero Access is nothing.
	Access gpu.Access
	// Memory is how many bytes the container may use, CPUs how many processors' time; 0 is without a limit.
	Memory int64
	CPUs   float64
	// Secrets are those of Podman that the container is given.
	Secrets []Secret
	Health  Health
}

// FileMount is one read-only file in the container, or a folder of an image with all that is in it.
type FileMount struct {
	// Destination is the absolute path in the container; ModelRoot for the folder of an image.
	Destination string
	// Digest selects the file in an artifact. Title selects it where the digest cannot, because several layers have it: the
	// one layer with that org.opencontainers.image.title. HostPath is the file on the host for a bind mount. ImagePath is the
	// absolute path of a folder in an image. Exactly one of the four is set.
	Digest    digest.Digest
	Title     string
	HostPath  string
	ImagePath string
}

// EnvVar is one environment variable.
type EnvVar struct{ Name, Value string }

// Health is how an engine finds out that the server answers. The zero Health is no check.
type Health struct {
	// Command is run by the container's shell.
	Command string
	// Interval is the time between two checks of a server that has answered once; StartupInterval that until it does, where
	// the engine can tell the two apart. StartPeriod is how long failures are expected while the model loads.
	Interval, StartupInterval, StartPeriod, Timeout time.Duration
	// Retries is how many checks in a row may fail.
	Retries int
}

// Published says whether the engine forwards Host:Port to ContainerPort. It does not for a network that is the host's,
// another container's, its pod's or another name space's, and not for none: Podman refuses ports there (podman-run(1), --network).
func (s *Spec) Published() bool {
	if s.Pod != "" {
		return false
	}
	switch mode, _, _ := strings.Cut(s.Network, ":"); mode {
	case "host", "none", "container", "ns":
		return false
	}
	return true
}

// Artifact returns the name of the artifact, or the image, that the files are mounted from.
func (s *Spec) Artifact() string {
	if s.MountSource != "" {
		return s.MountSource
	}
	return s.Model
}

// Listen returns the address and port that the server is told to listen on inside the container.
func (s *Spec) Listen() (host string, port int) {
	if s.Network == "host" {
		return s.Address()
	}
	if s.Pod != "" {
		return "0.0.0.0", s.Port
	}
	return "0.0.0.0", ContainerPort
}

// Address returns the address and port that the service is reached at; an empty Host is DefaultHost.
func (s *Spec) Address() (host string, port int) {
	if s.Host == "" {
		return DefaultHost, s.Port
	}
	return s.Host, s.Port
}
