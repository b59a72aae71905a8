package atrest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
)

// Entry is a manifest in a store, and the name it goes by; "" if it lost it.
type Entry struct {
	Name   string
	Digest digest.Digest
}

// lookup is a query, read in every way that it can be meant.
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

// Match returns the indices of the entries that the query names, sorted by name; none if there is no such entry. The query
// is read in the ways that artifacts.Store's Find lists, and the first way that finds anything counts: a full name, the
// literal name of an entry, repository@digest, a digest or a prefix of one.
func Match(query string, entries []Entry) []int {
	l := parseQuery(query)
	for _, way := range []func(*Entry) bool{l.isFull, l.isLiteral, l.isUntagged, l.isPinned, l.hasPrefix} {
		var found []int
		for i := range entries {
			if way(&entries[i]) {
				found = append(found, i)
			}
		}
		if len(found) > 0 {
			slices.SortStableFunc(found, func(a, b int) int { return cmp.Compare(entries[a].Name, entries[b].Name) })
			return found
		}
	}
	return nil
}

func (l *lookup) isFull(e *Entry) bool    { return l.full != "" && e.Name == l.full }
func (l *lookup) isLiteral(e *Entry) bool { return l.query != "" && e.Name == l.query }

// isUntagged finds quay.io/org/m, as Podman 5.x stores it, under quay.io/org/m:latest.
func (l *lookup) isUntagged(e *Entry) bool {
	untagged, latest := strings.CutSuffix(l.full, ":latest")
	return latest && e.Name == untagged
}

// isPinned is the rule of Podman 6.0: any entry of the repository whose manifest has the digest (libartifact v0.68,
// lookupArtifactLocked).
func (l *lookup) isPinned(e *Entry) bool {
	if l.pin == "" || e.Digest != l.pin {
		return false
	}
	name, err := artifacts.ParseName(e.Name)
	return err == nil && name.Repository() == l.repository
}

func (l *lookup) hasPrefix(e *Entry) bool {
	return l.prefix != "" && e.Digest != "" && strings.HasPrefix(e.Digest.Encoded(), l.prefix)
}

// Ambiguous is the error for several entries, of which one was asked for. It wraps artifacts.ErrAmbiguous.
func Ambiguous(query string, found []Entry) error {
	each := make([]string, len(found))
	for i, e := range found {
		each[i] = fmt.Sprintf("%s (%s)", Label(e.Name), e.Digest.Encoded()[:12])
	}
	return fmt.Errorf("%s is %w: %s", query, artifacts.ErrAmbiguous, strings.Join(each, ", "))
}

// Label is a name for people, also of an entry that has none.
func Label(name string) string {
	if name == "" {
		return "<unnamed>"
	}
	return name
}
