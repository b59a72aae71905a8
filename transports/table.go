package transports

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports/source"
)

// Table says which transport a reference means. It does not change; safe for concurrent use.
type Table struct {
	byScheme map[string]*Transport
	byHost   map[string]*Transport
	byPrefix map[string]*Transport
	paths    *Transport // nil if no transport takes paths
	bare     *Transport // nil if no transport takes references without a scheme
}

// NewTable makes a Table. Two transports for one scheme or host, two for bare references, a scheme that cannot be typed and
// a transport without a Resolver are errors.
func NewTable(rows ...Transport) (*Table, error) {
	t := &Table{byScheme: map[string]*Transport{}, byHost: map[string]*Transport{}, byPrefix: map[string]*Transport{}}
	for i := range rows {
		if rows[i].Name == "" || rows[i].Resolver == nil {
			return nil, fmt.Errorf("making the table of transports: row %d (%q) lacks a name or a resolver", i, rows[i].Name)
		}
		if err := t.add(&rows[i]); err != nil {
			return nil, fmt.Errorf("making the table of transports: %s: %w", rows[i].Name, err)
		}
	}
	return t, nil
}

// add enters a row under each of its words.
func (t *Table) add(row *Transport) error {
	for _, of := range []struct {
		kind  string
		words []string
		in    map[string]*Transport
		fits  func(string) bool
	}{
		{"scheme", row.Schemes, t.byScheme, isScheme},
		{"prefix", row.Prefixes, t.byPrefix, isScheme},
		{"host", row.Hosts, t.byHost, func(s string) bool { return s != "" && !strings.Contains(s, "/") }},
	} {
		for _, word := range of.words {
			if !of.fits(word) || word != strings.ToLower(word) {
				return fmt.Errorf("bad %s %q", of.kind, word)
			}
			if other := of.in[word]; other != nil {
				return fmt.Errorf("%s wants the %s %q, too", other.Name, of.kind, word)
			}
			of.in[word] = row
		}
	}
	for _, one := range []struct {
		wants bool
		place **Transport
		what  string
	}{{row.Bare, &t.bare, "bare names"}, {row.Paths, &t.paths, "paths"}} {
		if !one.wants {
			continue
		}
		if *one.place != nil {
			return fmt.Errorf("%s wants %s, too", (*one.place).Name, one.what)
		}
		*one.place = row
	}
	return nil
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
		return Reference{}, source.Scrub(fmt.Errorf("%w: %q: %w", artifacts.ErrInvalidName, input, err)) // a URL may hold secrets
	}
	return ref, nil
}

func (t *Table) parse(input string) (Reference, error) {
	prefix, path, found := strings.Cut(input, ":")
	local := t.byPrefix[strings.ToLower(prefix)]
	if !found || strings.HasPrefix(path, "//") {
		local = nil
	}
	if err := checkText(input, local != nil || isPath(input) || strings.EqualFold(prefix, "file")); err != nil {
		return Reference{}, err
	}
	if local != nil {
		if path == "" {
			return Reference{}, fmt.Errorf("no path follows %q", prefix+":")
		}
		return Reference{Transport: local, Scheme: strings.ToLower(prefix), Prefix: true, Argument: path}, nil
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
	case isPath(input) && t.paths == nil:
		return Reference{}, errors.New("it looks like a path: files are not an origin")
	case isForeignPath(input):
		return Reference{}, errors.New("it looks like a path, but none of this system: a shell puts the home folder in place of ~, unless it is quoted")
	case isPath(input):
		return Reference{Transport: t.paths, Argument: input}, nil
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
	for _, prefix := range slices.Sorted(maps.Keys(t.byPrefix)) {
		words = append(words, prefix+":PATH")
	}
	if t.paths != nil {
		words = append(words, "paths")
	}
	if t.bare != nil {
		words = append(words, "names without a scheme")
	}
	return strings.Join(words, ", ")
}
