package workload

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// FromModel makes the Spec of a llama.cpp server for a model. It reads no file and asks no engine.
//
// It refuses a model that is unservable as it is (the error wraps packaging.ErrUnservable), a directory model, which
// llama.cpp cannot serve, and whatever Spec.Validate refuses.
func FromModel(m *artifacts.Model, opts *Options) (*Spec, error) {
	if opts == nil {
		opts = &Options{}
	}
	if err := opts.Validate(); err != nil {
		return nil, fmt.Errorf("serving %s: %w", label(m), err)
	}
	if err := servable(m); err != nil {
		return nil, fmt.Errorf("serving %s: %w", label(m), err)
	}
	s := &Spec{
		Name: opts.Name, ModelDigest: m.Digest, Image: opts.Image,
		Env: slices.Clone(opts.Env), Host: opts.Host, Port: opts.Port, Network: opts.Network,
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
	var err error
	s.Model, s.MountSource = sources(m, opts.Source)
	if s.Mounts, err = mounts(m); err != nil {
		return nil, fmt.Errorf("mounting the files of %s: %w", label(m), err)
	}
	if s.Args, err = serverArgs(m, s, opts); err != nil {
		return nil, fmt.Errorf("serving %s: %w", label(m), err)
	}
	s.Health = health(s, m.Size)
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("serving %s: %w", label(m), err)
	}
	return s, nil
}

// servable says why llama.cpp cannot serve the model; nil if it can.
func servable(m *artifacts.Model) error {
	p := &m.Packaging
	if p.Unservable != nil {
		return p.Unservable
	}
	if p.Main == "" {
		return fmt.Errorf("%w: it has no weights", packaging.ErrUnservable)
	}
	isFile := slices.ContainsFunc(p.Files, func(f packaging.File) bool { return f.Path == p.Main })
	if !isFile {
		return fmt.Errorf("%w: its weights are the directory %q, and llama.cpp serves single files (GGUF) only", packaging.ErrUnservable, p.Main)
	}
	if strings.EqualFold(path.Ext(p.Main), ".safetensors") {
		return fmt.Errorf("%w: its weights %q are safetensors, and llama.cpp serves GGUF only", packaging.ErrUnservable, p.Main)
	}
	return nil
}

// label names a model in errors.
func label(m *artifacts.Model) string {
	if m.Name != "" {
		return m.Name
	}
	return m.Digest.String()
}
