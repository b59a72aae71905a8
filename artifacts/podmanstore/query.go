package podmanstore

import (
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// lookup is a query for entries of the index; see atrest.Match.
type lookup struct{ query string }

func parseQuery(query string) lookup { return lookup{query} }

// match returns the entries that the query names, best kind of match only; none if there is no such entry.
func (l *lookup) match(x *index) []*entry {
	var sound []*entry
	for i := range x.entries {
		if e := &x.entries[i]; e.err == nil {
			sound = append(sound, e)
		}
	}
	var found []*entry
	entries := plain(sound)
	for i, e := range sound {
		if e.origin() != "" {
			entries[i].Digest = "" // a derived artifact is found by its name only
		}
	}
	for _, i := range atrest.Match(l.query, entries) {
		found = append(found, sound[i])
	}
	return found
}

func plain(entries []*entry) []atrest.Entry {
	all := make([]atrest.Entry, len(entries))
	for i, e := range entries {
		all[i] = atrest.Entry{Name: e.name(), Digest: e.desc.Digest}
	}
	return all
}

// ambiguous is the error for several entries, of which one was asked for.
func ambiguous(query string, found []*entry) error { return atrest.Ambiguous(query, plain(found)) }

func orUnnamed(name string) string { return atrest.Label(name) }
