package ui

import (
	"fmt"
	"time"

	"github.com/opencontainers/go-digest"
)

// blobState is one blob of a landing. Sizes are bytes.
type blobState struct {
	digest   digest.Digest
	size     int64
	done     int64
	resumed  int64 // of done, what was here at the start
	starts   int   // how often it began
	finished bool
	unsized  bool // nobody knows its size until it is finished; until then, size is done
}

// begins says how much there is of a blob, as it begins, and, if that is all, where: here or there.
func (b *blobState) begins(where string) string {
	switch {
	case b.unsized:
		return "of unknown size"
	case b.resumed >= b.size:
		return Size(b.size) + ", already " + where
	case b.resumed > 0:
		return fmt.Sprintf("%s, resuming at %d %%", Size(b.size), percent(b.resumed, b.size))
	}
	return Size(b.size)
}

// unsized says whether the whole cannot be known yet.
func (s *state) unsized() bool {
	for i := range s.blobs {
		if s.blobs[i].unsized && !s.blobs[i].finished {
			return true
		}
	}
	return false
}

// state is a landing at one moment.
type state struct {
	at     time.Time
	blobs  []blobState
	reason string // what is waited for; "" for nothing
}

// sums returns the bytes of all blobs, those that are here, and those of them that this run fetched.
func (s *state) sums() (size, done, fetched int64) {
	for i := range s.blobs {
		b := &s.blobs[i]
		size, done, fetched = size+b.size, done+b.done, fetched+b.done-b.resumed
	}
	return size, done, fetched
}

// finished says whether every blob is whole.
func (s *state) finished() bool {
	for i := range s.blobs {
		if !s.blobs[i].finished {
			return false
		}
	}
	return true
}

// percent is done of size; 100 for an empty blob.
func percent(done, size int64) int {
	if size <= 0 {
		return 100
	}
	return int(float64(done) / float64(size) * 100)
}

// seen remembers what was said of each blob.
type seen map[digest.Digest]struct {
	starts   int
	finished bool
}

// news returns the blobs that began and those that became whole since the last call.
func (m seen) news(s *state) (began, finished []blobState) {
	for _, b := range s.blobs {
		told := m[b.digest]
		if b.starts > told.starts {
			began = append(began, b)
			told.finished = false
		}
		if b.finished && !told.finished {
			finished = append(finished, b)
		}
		told.starts, told.finished = b.starts, b.finished
		m[b.digest] = told
	}
	return began, finished
}

// meterWindow is the time over which a rate is taken.
const meterWindow = 10 * time.Second

// meter finds the rate of the last seconds.
type meter struct {
	times   []time.Time
	amounts []int64
}

// rate notes the amount fetched so far, and returns bytes per second; 0 if it is not known yet.
func (m *meter) rate(at time.Time, fetched int64) float64 {
	m.times, m.amounts = append(m.times, at), append(m.amounts, fetched)
	for len(m.times) > 2 && at.Sub(m.times[1]) >= meterWindow {
		m.times, m.amounts = m.times[1:], m.amounts[1:]
	}
	seconds := at.Sub(m.times[0]).Seconds()
	if seconds <= 0 {
		return 0
	}
	return max(0, float64(fetched-m.amounts[0])/seconds)
}

// remaining is the time that the rest takes at a rate; ok is false if nobody can know.
func remaining(rest int64, rate float64) (d time.Duration, ok bool) {
	if rate < 1 || rest < 0 || float64(rest)/rate > float64(1000*time.Hour/time.Second) {
		return 0, false
	}
	return (time.Duration(float64(rest)/rate) * time.Second).Round(time.Second), true
}

// totalText is the line on all blobs together: "1.2 GB of 4.7 GB (26 %), 85 MB/s, 41s left".
func (m *meter) totalText(s *state) string {
	size, done, fetched := s.sums()
	text := fmt.Sprintf("%s of %s (%d %%)", Size(done), Size(size), percent(done, size))
	if s.unsized() {
		text = Size(done) + " of nobody knows how much"
	}
	rate := m.rate(s.at, fetched)
	if rate >= 1 {
		text += ", " + Size(int64(rate)) + "/s"
	}
	if left, ok := remaining(size-done, rate); ok && size > done {
		text += ", " + left.String() + " left"
	}
	return text
}
