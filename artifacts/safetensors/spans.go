package safetensors

import (
	"cmp"
	"fmt"
	"slices"
)

// span is where the data of a tensor are, from the end of the header.
type span struct{ begin, end int64 }

// coverage checks that spans follow each other without a gap or an overlap, from 0 on. Files list tensors in the order
// of their data or of their names; only what is out of order is kept.
type coverage struct {
	end   int64 // of what is covered without a gap
	later []span
}

func (c *coverage) add(s span) {
	if s.begin == c.end {
		c.end = s.end
		return
	}
	c.later = append(c.later, s)
}

// close returns how many bytes the spans cover, or says where they do not meet.
func (c *coverage) close() (int64, error) {
	slices.SortFunc(c.later, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	for _, s := range c.later {
		if s.begin != c.end {
			return 0, fmt.Errorf("tensor data at byte %d do not follow those that end at byte %d", s.begin, c.end)
		}
		c.end = s.end
	}
	return c.end, nil
}
