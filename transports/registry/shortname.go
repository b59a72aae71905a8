package registry

import (
	"fmt"
	"strings"

	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/pkg/shortnames"
	"go.podman.io/image/v5/pkg/sysregistriesv2"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
)

// candidates returns the full names that an input may mean: itself, its alias, or one for each unqualified-search registry.
// It never asks the user: where Podman would, and registries.conf says short-name-mode = "enforcing" (the default), the
// input is refused.
func (r *Resolver) candidates(input string) ([]artifacts.Name, error) {
	mode, err := sysregistriesv2.GetShortNameMode(r.sys)
	if err != nil {
		return nil, fmt.Errorf("reading registries.conf: %w", err)
	}
	quiet := *r.sys
	all := types.ShortNameModeDisabled // the one mode in which the library never prompts
	quiet.ShortNameMode = &all
	found, err := shortnames.Resolve(&quiet, input)
	switch {
	case err != nil && r.unknown(input):
		// the library says that there is no registries.conf, when all that is missing is a line in it
		return nil, fmt.Errorf("%w: the short name %q stands for nothing: registries.conf has no alias for it, and no registries to search",
			artifacts.ErrInvalidName, input)
	case err != nil:
		return nil, fmt.Errorf("%w: %q: %w", artifacts.ErrInvalidName, input, err)
	}
	var names []artifacts.Name
	for _, c := range found.PullCandidates {
		name, err := artifacts.NameFrom(c.Value)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	if len(names) > 1 && mode == types.ShortNameModeEnforcing {
		return nil, ambiguous(input, names)
	}
	if why := found.Description(); why != "" {
		r.log.Info(why)
	}
	return names, nil
}

// unknown says whether an input is a well-formed short name that registries.conf, which can be read, says nothing about.
func (r *Resolver) unknown(input string) bool {
	parsed, err := reference.Parse(input)
	named, ok := parsed.(reference.Named)
	if err != nil || !ok || !shortnames.IsShortName(input) {
		return false
	}
	alias, _, err := sysregistriesv2.ResolveShortNameAlias(r.sys, named.Name())
	if err != nil || alias != nil {
		return false
	}
	search, err := sysregistriesv2.UnqualifiedSearchRegistries(r.sys)
	return err == nil && len(search) == 0
}

// ambiguous is the error for a short name that only the user can resolve.
func ambiguous(input string, names []artifacts.Name) error {
	words := make([]string, len(names))
	for i, n := range names {
		words[i] = n.String()
	}
	return fmt.Errorf("%w: short name %q could mean %s: registries.conf wants it spelled out",
		artifacts.ErrInvalidName, input, strings.Join(words, " or "))
}
