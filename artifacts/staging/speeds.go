package staging

import (
	"slices"
	"sync"
	"time"
)

// What is typical is the median of the last requests, if there were enough of them, and of some length.
const (
	speedsKept   = 15
	speedsNeeded = 4
	speedBytes   = 256 << 10
)

// speeds remembers how fast the last requests were, in bytes per tick.
type speeds struct {
	mu   sync.Mutex
	last []int64 // the oldest first
}

// add counts a request that has ended, in whatever way.
func (s *speeds) add(got int64, took time.Duration) {
	if got < speedBytes {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.last) == speedsKept {
		s.last = s.last[1:]
	}
	s.last = append(s.last, int64(float64(got)*float64(tick)/float64(max(took, time.Millisecond))))
}

// typical returns the median; 0 if it is not known.
func (s *speeds) typical() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.last) < speedsNeeded {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s.last))
	return sorted[len(sorted)/2]
}
