package staging

import (
	"encoding/json"
	"fmt"
	"slices"
)

// span is the bytes from, up to but not including to.
type span struct{ from, to int64 }

func (s span) len() int64 { return s.to - s.from }

// MarshalJSON writes [from, to].
func (s span) MarshalJSON() ([]byte, error) { return json.Marshal([2]int64{s.from, s.to}) }

// UnmarshalJSON reads [from, to].
func (s *span) UnmarshalJSON(data []byte) error {
	var pair []int64
	if err := json.Unmarshal(data, &pair); err != nil {
		return err
	}
	if len(pair) != 2 {
		return fmt.Errorf("a range of %d numbers", len(pair))
	}
	s.from, s.to = pair[0], pair[1]
	return nil
}

// ranges is a set of bytes: spans in order, none empty, none touching the next.
type ranges []span

// add returns the set with s in it. It may reuse r's memory.
func (r ranges) add(s span) ranges {
	if s.len() <= 0 {
		return r
	}
	first, _ := slices.BinarySearchFunc(r, s.from, func(have span, from int64) int {
		if have.to < from {
			return -1
		}
		return 1
	})
	last := first
	for last < len(r) && r[last].from <= s.to {
		s.from, s.to = min(s.from, r[last].from), max(s.to, r[last].to)
		last++
	}
	return slices.Replace(r, first, last, s)
}

// total counts the bytes in the set.
func (r ranges) total() int64 {
	var n int64
	for _, s := range r {
		n += s.len()
	}
	return n
}

// prefix is how many bytes from 0 on are in the set without a gap.
func (r ranges) prefix() int64 {
	if len(r) == 0 || r[0].from != 0 {
		return 0
	}
	return r[0].to
}

// gaps lists what a blob of size bytes lacks, in order.
func (r ranges) gaps(size int64) []span {
	var out []span
	var at int64
	for _, s := range r {
		if s.from > at {
			out = append(out, span{at, s.from})
		}
		at = s.to
	}
	if at < size {
		out = append(out, span{at, size})
	}
	return out
}

// check says what is wrong with a set that was read from a file.
func (r ranges) check(size int64) error {
	last := int64(-1)
	for _, s := range r {
		if s.from <= last || s.to <= s.from || s.to > size {
			return fmt.Errorf("range %d-%d is out of place", s.from, s.to)
		}
		last = s.to
	}
	return nil
}
