package registry

import (
	"math/rand/v2"
	"testing"
)

// TestDelivery compares with a byte for each byte.
func TestDelivery(t *testing.T) {
	const size = 24
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		var d delivery
		var have [size]bool
		for !d.whole(size) {
			from := random.Int64N(size)
			s := span{from, from + random.Int64N(size-from+1)}
			d.add(int(from%3), s)
			for i := s.from; i < s.to; i++ {
				have[i] = true
			}
			missing := 0
			for _, h := range have {
				if !h {
					missing++
				}
			}
			for i := 1; i < len(d.spans); i++ {
				if d.spans[i-1].to >= d.spans[i].from {
					t.Fatalf("%v is not in order", d.spans)
				}
			}
			for _, s := range d.spans {
				missing += int(s.to - s.from)
			}
			if missing != size {
				t.Fatalf("after %v: %v", s, d.spans)
			}
		}
	}
	var d delivery
	d.add(1, span{3, 3})
	if d.whole(1) || d.by[1] {
		t.Error("nothing is something")
	}
}
