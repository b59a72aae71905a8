package podmanstore

import (
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
)

// lookup is a query, read in every way that it can be meant. The ways are tried in the order of the fields.
type lookup struct {
	query string
	// full is the query as a name with its tag spelled out; "" if it is no full name. Podman 6.0 stores and looks up this
	// form; 5.x what was typed.
	full string
	// repository and pin are the parts of repository@digest.
	repository string
	pin        digest.Digest
	// prefix is the beginning of a digest in hex; "" if the query is none.
	prefix string
}

func parseQuery(query string) lookup {
	l := lookup{query: query}
	if name, err := artifacts.ParseName(query); err == nil {
		l.full = name.String()
		if l.pin = name.Digest(); l.pin != "" {
			l.repository = name.Repository()
		}
	}
	hex := strings.TrimPrefix(query, "sha256:")
	if hex != "" && len(hex) <= digest.SHA256.Size()*2 && strings.Trim(hex, "0123456789abcdef") == "" {
		l.prefix = hex
	}
	return l
}

// match returns the entries that the query names, best kind of match only; none if there is no such entry.
func (l *lookup) match(x *index) []*entry {
	for _, way := range []func(*entry) bool{l.isFull, l.isLiteral, l.isUntagged, l.isPinned, l.hasPrefix} {
		var found []*entry
		for i := range x.entries {
			if e := &x.entries[i]; e.err == nil && way(e) {
				found = append(found, e)
			}
		}
		if len(found) > 0 {
			slices.SortStableFunc(found, func(a, b *entry) int { return strings.Compare(a.name(), b.name()) })
			return found
		}
	}
	return nil
}

func (l *lookup) isFull(e *entry) bool    { return l.full != "" && e.name() == l.full }
func (l *lookup) isLiteral(e *entry) bool { return l.query != "" && e.name() == l.query }

// isUntagged finds quay.io/org/m, as Podman 5.x stores it, under quay.io/org/m:latest.
func (l *lookup) isUntagged(e *entry) bool {
	untagged, latest := strings.CutSuffix(l.full, ":latest")
	return latest && e.name() == untagged
}

// isPinned is the rule of Podman 6.0: any entry of the repository whose manifest has the digest (libartifact v0.68,
// lookupArtifactLocked).
func (l *lookup) isPinned(e *entry) bool {
	if l.pin == "" || e.desc.Digest != l.pin || e.origin() != "" {
		return false
	}
	name, err := artifacts.ParseName(e.name())
	return err == nil && name.Repository() == l.repository
}

// hasPrefix finds no derived artifact: that one is found by its name only.
func (l *lookup) hasPrefix(e *entry) bool {
	return l.prefix != "" && e.origin() == "" && strings.HasPrefix(e.desc.Digest.Encoded(), l.prefix)
}

// ambiguous is the error for several entries, of which one was asked for.
func ambiguous(query string, found []*entry) error {
	each := make([]string, len(found))
	for i, e := range found {
		each[i] = fmt.Sprintf("%s (%s)", orUnnamed(e.name()), e.desc.Digest.Encoded()[:12])
	}
	return fmt.Errorf("%s is %w: %s", query, artifacts.ErrAmbiguous, strings.Join(each, ", "))
}

func orUnnamed(name string) string {
	if name == "" {
		return "<unnamed>"
	}
	return name
}
