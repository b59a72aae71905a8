package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
)

// Resolver finds models in registries. It keeps connections and tokens for as long as it lives. Safe for concurrent use.
type Resolver struct {
	sys      *types.SystemContext
	arch, os string // what to choose from an index
	stall    time.Duration
	log      *slog.Logger
	say      func(string)
	waiting  func(string)

	mu        sync.Mutex
	endpoints map[endpointKey]*endpoint
}

// New makes a Resolver; nil options are the zero value. It looks at the files of the configuration, reads none, and asks
// nothing of the network. The caller calls Close when no Plan of it is read any more.
func New(o *Options) (*Resolver, error) {
	if o == nil {
		o = &Options{}
	}
	sys, err := o.SystemContext()
	if err != nil {
		return nil, err
	}
	log := o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Resolver{
		sys: sys, arch: cmp.Or(o.Architecture, runtime.GOARCH), os: cmp.Or(o.OS, "linux"),
		stall: o.Stall, log: log, say: o.Say, waiting: o.Waiting, endpoints: map[endpointKey]*endpoint{},
	}, nil
}

// Close gives back idle connections. Plans stay usable, at the price of new ones.
func (r *Resolver) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.endpoints {
		e.close()
	}
}

// Resolve reads the manifest that a name stands for and makes a Plan of it; no blob is fetched but the config of a ModelKit. The
// name may be a short name, which is looked up in registries.conf. An index is followed to the manifest for the platform asked
// for, and a ModelKit to those that it refers to. The policy has accepted every manifest when there is a Plan.
//
// The error wraps artifacts.ErrInvalidName, ErrNotFound, ErrAuthentication, ErrPolicy or ErrVerification, or an
// artifacts.TemporaryError, when it is one of these.
func (r *Resolver) Resolve(ctx context.Context, input string) (*artifacts.Plan, error) {
	var plan *artifacts.Plan
	err := r.each(ctx, input, func(name artifacts.Name) (err error) {
		plan, err = r.resolve(ctx, name)
		return err
	})
	if err == nil {
		err = r.followBases(ctx, plan)
	}
	if err != nil {
		return nil, err
	}
	return plan, nil
}

// Head returns the digest that a name stands for now, of an index if it is one, with one HEAD request besides the
// handshake. It checks no policy and trusts the registry's word: good for finding out whether a tag moved.
// Errors are as for Resolve.
func (r *Resolver) Head(ctx context.Context, input string) (digest.Digest, error) {
	var d digest.Digest
	err := r.each(ctx, input, func(name artifacts.Name) (err error) {
		d, err = r.head(ctx, name)
		return err
	})
	return d, err
}

// each tries what a short name may mean, in order, until one works.
func (r *Resolver) each(ctx context.Context, input string, try func(artifacts.Name) error) error {
	names, err := r.candidates(input)
	if err != nil {
		return err
	}
	var failures []error
	for _, name := range names {
		if err = refuseBlocked(r.sys, name.Reference()); err == nil {
			err = try(name)
		}
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return err
		}
		failures = append(failures, err)
	}
	return unresolved(input, failures)
}

// unresolved is the error of a reference that worked under none of its names. It is artifacts.ErrNotFound only if it was
// read everywhere: a registry that could not be asked may have it.
func unresolved(input string, failures []error) error {
	if len(failures) == 1 {
		return failures[0]
	}
	missing := 0
	for _, f := range failures {
		if errors.Is(f, artifacts.ErrNotFound) {
			missing++
		}
	}
	err := fmt.Errorf("finding short name %q: none of %d candidates", input, len(failures))
	for _, f := range failures {
		if missing < len(failures) && errors.Is(f, artifacts.ErrNotFound) {
			err = fmt.Errorf("%w; %v", err, f)
		} else {
			err = fmt.Errorf("%w; %w", err, f)
		}
	}
	return err
}
