package podmanstore

import (
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// lookup is a query for entries of the index; see atrest.Match.
type lookup struct{ query string }

func parseQuery(query string) lookup { return lookup{query} }

// match returns the entries that the query names, best kind of match only; none if there is no such entry.
func (l *lookup) match(x *index) []*entry { return x.candidates().match(l.query) }

// candidates are the entries that a query may name, and, at the same places, what it may name them by.
type candidates struct {
	entries []*entry
	plain   []atrest.Entry
}

func (x *index) candidates() *candidates {
	c := &candidates{}
	for i := range x.entries {
		if e := &x.entries[i]; e.err == nil {
			c.entries = append(c.entries, e)
		}
	}
	c.plain = plain(c.entries)
	for i, e := range c.entries {
		if e.origin() != "" {
			c.plain[i].Digest = "" // a derived artifact is found by its name only
		}
	}
	return c
}

func (c *candidates) match(query string) []*entry {
	var found []*entry
	for _, i := range atrest.Match(query, c.plain) {
		found = append(found, c.entries[i])
	}
	return found
}

// drop takes out what no query shall name any more.
func (c *candidates) drop(match func(*entry) bool) {
	left := &candidates{}
	for i, e := range c.entries {
		if !match(e) {
			left.entries, left.plain = append(left.entries, e), append(left.plain, c.plain[i])
		}
	}
	*c = *left
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
