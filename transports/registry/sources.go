package registry

import (
	"fmt"

	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/pkg/sysregistriesv2"
	"go.podman.io/image/v5/types"
)

// pullSources returns where registries.conf says that a reference is to be found: mirrors first, the registry last.
func pullSources(sys *types.SystemContext, ref reference.Named) ([]sysregistriesv2.PullSource, error) {
	found, err := sysregistriesv2.FindRegistry(sys, ref.Name())
	if err != nil {
		return nil, fmt.Errorf("reading registries.conf: %w", err)
	}
	if found == nil {
		found = &sysregistriesv2.Registry{Prefix: ref.String(), Endpoint: sysregistriesv2.Endpoint{Location: ref.String()}}
	}
	places, err := found.PullSourcesFromReference(ref)
	if err != nil {
		return nil, fmt.Errorf("finding %s in registries.conf: %w", ref, err)
	}
	return places, nil
}

// refuseBlocked fails with a PolicyError if registries.conf blocks the reference.
func refuseBlocked(sys *types.SystemContext, ref reference.Named) error {
	found, err := sysregistriesv2.FindRegistry(sys, ref.Name())
	if err != nil {
		return fmt.Errorf("reading registries.conf: %w", err)
	}
	if found != nil && found.Blocked {
		return &PolicyError{
			Act: fmt.Sprintf("reading %s", ref), Blocked: true,
			Err: fmt.Errorf("registry %s is blocked in %s", found.Prefix, blockingFiles(sys, ref)),
		}
	}
	return nil
}

// endpoint returns the endpoint of a place, one for each repository and set of credentials: connections, tokens and what
// probing found are shared by all that is read from it.
func (r *Resolver) endpoint(logical reference.Named, place *sysregistriesv2.PullSource) (*endpoint, error) {
	return r.endpointFor(logical, place, use{})
}

func (r *Resolver) endpointFor(logical reference.Named, place *sysregistriesv2.PullSource, u use) (*endpoint, error) {
	primary := reference.Domain(logical) == reference.Domain(place.Reference)
	key := endpointKey{place.Reference.Name(), place.Endpoint.NamespaceProxy, place.Endpoint.Insecure, primary, u}
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.endpoints[key]; e != nil {
		return e, nil
	}
	e, err := newEndpoint(r.sys, logical, place, r.stall, u)
	if err != nil {
		return nil, err
	}
	r.endpoints[key] = e
	return e, nil
}

// endpointKey tells endpoints apart.
type endpointKey struct {
	repository, proxyFor string
	insecure, primary    bool
	use                  use
}

// use is what an endpoint is wanted for: by default, to read.
type use struct {
	push bool
	from string // repository of the same registry to mount blobs from; "" for none
}

// scopes are what a bearer token is asked for (distribution: docs/spec/auth/scope.md).
func (u use) scopes(path string) []string {
	first := "repository:" + path + ":pull"
	if u.push {
		first += ",push"
	}
	if u.from == "" {
		return []string{first}
	}
	return []string{first, "repository:" + u.from + ":pull"}
}
