package engine

import (
	"errors"

	"github.com/paddock-dev/paddock/artifacts/workload"
)

// ErrNoEngine says that neither Podman nor Docker is installed, or that the one asked for is not.
var ErrNoEngine = errors.New("no container engine")

// Engine renders workloads to argument vectors, whose first element is the engine's program. It runs nothing.
type Engine interface {
	// Name is the engine's name, "podman" or "docker".
	Name() string
	// Command returns what runs the workload. It refuses a Spec that is not valid, and one that the engine cannot run.
	Command(spec *workload.Spec, opts *RunOptions) ([]string, error)
	// Stop returns what stops and removes the container of that name, and succeeds if there is none.
	Stop(name string) []string
	// State returns what prints "STATUS EXITCODE" of the container of that name: "running 0", "exited 137". It fails if
	// there is none.
	State(name string) []string
}

// RunOptions say how to run a workload. nil means the zero value.
type RunOptions struct {
	// Detach leaves the container running in the background, and in place when it ends, for its logs. Without it the
	// container runs in the foreground and is removed when it ends.
	Detach bool
	// Replace removes a container of the same name first. Docker cannot do it in one command and refuses.
	Replace bool
}

// hardening is what every server is run with: it needs no capability, gains none, and writes to /tmp only.
func hardening() []string {
	return []string{"--cap-drop", "all", "--security-opt", "no-new-privileges", "--read-only"}
}

// lifetime is how long the container lives.
func lifetime(opts *RunOptions) string {
	if opts.Detach {
		return "--detach"
	}
	return "--rm"
}

// environment returns --env for each variable, always with its value: a bare name would pass on the caller's.
func environment(spec *workload.Spec) []string {
	var args []string
	for _, e := range spec.Env {
		args = append(args, "--env", e.Name+"="+e.Value)
	}
	return args
}

// healthFlags are the flags that Podman and Docker share; none if the workload has no check.
func healthFlags(h workload.Health) []string {
	if h.Command == "" {
		return nil
	}
	return []string{
		"--health-cmd", h.Command, "--health-interval", h.Interval.String(), "--health-timeout", h.Timeout.String(),
		"--health-start-period", h.StartPeriod.String(), "--health-retries", itoa(h.Retries),
	}
}
