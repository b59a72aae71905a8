package transports

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/paddock-dev/paddock/artifacts"
)

// Table says which transport a reference means. It does not change; safe for concurrent use.
type Table struct {
	byScheme map[string]*Transport
	byHost   map[string]*Transport
	bare     *Transport // nil if no transport takes references without a scheme
}

// NewTable makes a Table. Two transports for one scheme or host, two for bare references, a scheme that cannot be typed and
// a transport without a Resolver are errors.
func NewTable(rows ...Transport) (*Table, error) {
	t := &Table{byScheme: map[string]*Transport{}, byHost: map[string]*Transport{}}
	for i := range rows {
		row := &rows[i]
		if row.Name == "" || row.Resolver == nil {
			return nil, fmt.Errorf("making the table of transports: row %d (%q) lacks a name or a resolver", i, row.Name)
		}
		for _, scheme := range row.Schemes {
			if !isScheme(scheme) || scheme != strings.ToLower(scheme) {
				return nil, fmt.Errorf("making the table of transports: %s: bad scheme %q", row.Name, scheme)
			}
			if other := t.byScheme[scheme]; other != nil {
				return nil, fmt.Errorf("making the table of transports: %s and %s both want %s://", other.Name, row.Name, scheme)
			}
			t.byScheme[scheme] = row
		}
		for _, host := range row.Hosts {
			if host == "" || host != strings.ToLower(host) || strings.Contains(host, "/") {
				return nil, fmt.Errorf("making the table of transports: %s: bad host %q", row.Name, host)
			}
			if other := t.byHost[host]; other != nil {
				return nil, fmt.Errorf("making the table of transports: %s and %s both want %s", other.Name, row.Name, host)
			}
			t.byHost[host] = row
		}
		if !row.Bare {
			continue
		}
		if t.bare != nil {
			return nil, fmt.Errorf("making the table of transports: %s and %s both want bare names", t.bare.Name, row.Name)
		}
		t.bare = row
	}
	return t, nil
}

// Schemes returns all schemes, sorted.
func (t *Table) Schemes() []string {
	var all []string
	for scheme := range t.byScheme {
		all = append(all, scheme)
	}
	slices.Sort(all)
	return all
}

// Resolve parses a reference and asks its transport.
func (t *Table) Resolve(ctx context.Context, input string) (*artifacts.Plan, error) {
	ref, err := t.Parse(input)
	if err != nil {
		return nil, err
	}
	return ref.Transport.Resolver.Resolve(ctx, ref.Argument)
}

// Parse tells which transport a reference means. It checks only what all transports have in common, and asks neither the
// disk nor the network. The error wraps artifacts.ErrInvalidName.
func (t *Table) Parse(input string) (Reference, error) {
	ref, err := t.parse(input)
	if err != nil {
		return Reference{}, fmt.Errorf("%w: %q: %w", artifacts.ErrInvalidName, input, err)
	}
	return ref, nil
}

func (t *Table) parse(input string) (Reference, error) {
	if err := checkText(input); err != nil {
		return Reference{}, err
	}
	scheme, rest, found := strings.Cut(input, "://")
	if !found || !isScheme(scheme) {
		return t.parseBare(input)
	}
	scheme = strings.ToLower(scheme)
	row := t.byScheme[scheme]
	if site := t.site(rest); site != nil && (scheme == "https" || scheme == "http") {
		row = site
	}
	switch {
	case row == nil:
		return Reference{}, fmt.Errorf("unknown scheme %q: known are %s", scheme, t.known())
	case rest == "":
		return Reference{}, fmt.Errorf("nothing follows %s://", scheme)
	case row.WholeURL:
		rest = input
	}
	return Reference{Transport: row, Scheme: scheme, Argument: rest}, nil
}

// site returns the transport whose web site HOST/PATH lies on; nil if there is none.
func (t *Table) site(rest string) *Transport {
	host, _, _ := strings.Cut(rest, "/")
	return t.byHost[strings.ToLower(host)]
}

func (t *Table) parseBare(input string) (Reference, error) {
	switch {
	case isPath(input):
		return Reference{}, errors.New("it looks like a path: files are not an origin")
	case t.site(input) != nil:
		return Reference{Transport: t.site(input), Argument: input}, nil
	case t.bare == nil:
		return Reference{}, fmt.Errorf("it has no scheme: known are %s", t.known())
	}
	return Reference{Transport: t.bare, Argument: input}, nil
}

// known lists the schemes for an error.
func (t *Table) known() string {
	var words []string
	for _, scheme := range t.Schemes() {
		words = append(words, scheme+"://")
	}
	if t.bare != nil {
		words = append(words, "names without a scheme")
	}
	return strings.Join(words, ", ")
}
