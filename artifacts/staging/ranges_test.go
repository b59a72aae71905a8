package staging

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestRangesAdd(t *testing.T) {
	for name, c := range map[string]struct{ in, want []span }{
		"apart":         {[]span{{5, 7}, {0, 2}}, []span{{0, 2}, {5, 7}}},
		"touching":      {[]span{{0, 2}, {2, 4}}, []span{{0, 4}}},
		"touching left": {[]span{{2, 4}, {0, 2}}, []span{{0, 4}}},
		"bridge":        {[]span{{0, 2}, {4, 6}, {2, 4}}, []span{{0, 6}}},
		"overlap":       {[]span{{0, 5}, {3, 9}, {20, 30}, {8, 21}}, []span{{0, 30}}},
		"inside":        {[]span{{0, 9}, {3, 4}}, []span{{0, 9}}},
		"around":        {[]span{{3, 4}, {6, 7}, {0, 9}}, []span{{0, 9}}},
		"empty":         {[]span{{3, 3}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var r ranges
			for _, s := range c.in {
				r = r.add(s)
			}
			if !slices.Equal(r, c.want) {
				t.Errorf("got %v, want %v", r, c.want)
			}
		})
	}
}

// Ranges agree with a plain set of bytes, whatever is added.
func TestRangesAgree(t *testing.T) {
	const size = 60
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		var r ranges
		var set [size]bool
		for range random.IntN(12) {
			from := random.Int64N(size)
			to := from + random.Int64N(size-from+1)
			r = r.add(span{from, to})
			for i := from; i < to; i++ {
				set[i] = true
			}
		}
		if err := r.check(size); err != nil {
			t.Fatalf("%v: %v", r, err)
		}
		var back [size]bool
		for i := range back {
			back[i] = true
		}
		for _, g := range r.gaps(size) {
			for i := g.from; i < g.to; i++ {
				back[i] = false
			}
		}
		prefix := slices.Index(append(set[:], false), false)
		if back != set || r.prefix() != int64(prefix) {
			t.Fatalf("%v: gaps %v, prefix %d", r, r.gaps(size), r.prefix())
		}
	}
}
