package registry

import "sort"

// delivery notes which bytes of a blob were handed out, and by which places. A reader who has had every byte and asks again
// has found that they are not what the digest promises. The reader alone can see that, and cannot know whom it read from.
type delivery struct {
	spans []span // sorted, none touches the next
	by    map[int]bool
}

// span is the bytes from one offset up to, and without, another.
type span struct{ from, to int64 }

// add notes that a place gave some bytes.
func (d *delivery) add(place int, s span) {
	if s.from >= s.to {
		return
	}
	if d.by == nil {
		d.by = map[int]bool{}
	}
	d.by[place] = true
	first := sort.Search(len(d.spans), func(i int) bool { return d.spans[i].to >= s.from })
	last := sort.Search(len(d.spans), func(i int) bool { return d.spans[i].from > s.to })
	if first < last {
		s.from, s.to = min(s.from, d.spans[first].from), max(s.to, d.spans[last-1].to)
	}
	d.spans = append(d.spans[:first:first], append([]span{s}, d.spans[last:]...)...)
}

// whole says whether all bytes of a blob of that size were handed out.
func (d *delivery) whole(size int64) bool {
	return len(d.spans) == 1 && d.spans[0].from <= 0 && d.spans[0].to >= size
}
