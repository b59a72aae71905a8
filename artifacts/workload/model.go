package workload

import (
	"fmt"
	"slices"

	"github.com/paddock-dev/paddock/artifacts"
)

// FromModel makes the Spec of a server for a model. It reads no file and asks no engine.
//
// It refuses a model that is unservable as it is, or by the runtime that was asked for (the error wraps
// packaging.ErrUnservable), and whatever Spec.Validate refuses.
func FromModel(m *artifacts.Model, opts *Options) (*Spec, error) {
	if opts == nil {
		opts = &Options{}
	}
	if err := opts.Validate(); err != nil {
		return nil, fmt.Errorf("serving %s: %w", label(m), err)
	}
	runtime, err := runtimeFor(m, opts.Runtime)
	if err != nil {
		return nil, fmt.Errorf("serving %s: %w", label(m), err)
	}
	s := &Spec{
		Name: opts.Name, ModelDigest: m.Digest, Runtime: runtime,
		Env: withAccess(opts.Env, &opts.Access), Access: opts.Access, Host: opts.Host, Port: opts.Port, Network: opts.Network, Pod: opts.Pod,
		Memory: opts.Memory, CPUs: opts.CPUs, Secrets: opts.secrets(runtime),
	}
	if s.Image, err = opts.image(runtime); err != nil {
		return nil, fmt.Errorf("serving %s: %w", label(m), err)
	}
	if s.Name == "" {
		s.Name = DeriveName(m.Name)
	}
	if s.Host == "" {
		s.Host = DefaultHost
	}
	if s.Port == 0 {
		s.Port = DefaultPort
	}
	s.Model, s.MountSource = sources(m, opts.Source)
	if s.Mounts, err = mounts(m); err != nil {
		return nil, fmt.Errorf("mounting the files of %s: %w", label(m), err)
	}
	if runtime == VLLM {
		s.Args, s.Env = vllmArgs(m, s, opts), withDefaults(s.Env, vllmEnv())
	} else if s.Args, err = llamaArgs(m, s, opts); err != nil {
		return nil, fmt.Errorf("serving %s: %w", label(m), err)
	}
	s.Health = health(s, m.Size)
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("serving %s: %w", label(m), err)
	}
	return s, nil
}

// withDefaults puts variables that are not set before those that are.
func withDefaults(env, defaults []EnvVar) []EnvVar {
	missing := slices.DeleteFunc(defaults, func(d EnvVar) bool {
		return slices.ContainsFunc(env, func(e EnvVar) bool { return e.Name == d.Name })
	})
	return append(missing, env...)
}

// label names a model in errors.
func label(m *artifacts.Model) string {
	if m.Name != "" {
		return m.Name
	}
	return m.Digest.String()
}
