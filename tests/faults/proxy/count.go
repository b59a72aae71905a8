package proxy

import (
	"slices"
)

// Count is what has passed since Start or the last Reset.
type Count struct {
	// Requests is how many there were, Blobs how many of them were GETs of a blob, spoiled ones included.
	Requests, Blobs int
	// Bytes is the length of all bodies that were sent, and BlobBytes that of blobs.
	Bytes, BlobBytes int64
	// Again is how many of BlobBytes had been sent before, since Start. A Reset does not forget what was sent.
	Again int64
}

// Count returns what has passed.
func (p *Proxy) Count() Count {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

// Reset begins to count anew, and forgets what OnBytes was asked for. It returns what has passed before.
func (p *Proxy) Reset() Count {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.count
	p.count, p.marks = Count{}, nil
	return before
}

// OnBytes calls do, once, when n bytes of blobs have been sent since the last Reset. The connection that sent the last of
// them sends no more before do returns.
func (p *Proxy) OnBytes(n int64, do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.marks = append(p.marks, mark{n, do})
}

// arrived counts a request, and says how to break it.
func (p *Proxy) arrived(r *Request) *Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count.Requests++
	if r.Blob {
		p.count.Blobs++
	}
	r.N = p.count.Blobs
	var f *Fault
	if p.spoil != nil {
		f = p.spoil(r)
	}
	if f == nil {
		return &Fault{}
	}
	return f
}

// sent counts n bytes of a body, which for a blob stand at offset off.
func (p *Proxy) sent(r *Request, off, n int64) {
	p.mu.Lock()
	p.count.Bytes += n
	var due []mark
	if r.Blob {
		p.count.BlobBytes += n
		s := p.seen[r.Path]
		if s == nil {
			s = &spans{}
			p.seen[r.Path] = s
		}
		p.count.Again += n - s.add(off, off+n)
		p.marks = slices.DeleteFunc(p.marks, func(m mark) bool {
			if m.at <= p.count.BlobBytes {
				due = append(due, m)
				return true
			}
			return false
		})
	}
	p.mu.Unlock()
	for _, m := range due {
		m.do()
	}
}

// spans is a set of bytes: pairs of from and to, in order, none touching the next.
type spans struct{ list [][2]int64 }

// add puts bytes into the set and returns how many of them are new.
func (s *spans) add(from, to int64) int64 {
	fresh := to - from
	first, _ := slices.BinarySearchFunc(s.list, from, func(have [2]int64, from int64) int {
		if have[1] < from {
			return -1
		}
		return 1
	})
	last := first
	for ; last < len(s.list) && s.list[last][0] <= to; last++ {
		have := s.list[last]
		fresh -= max(min(have[1], to)-max(have[0], from), 0)
	}
	if first < last {
		from, to = min(from, s.list[first][0]), max(to, s.list[last-1][1])
	}
	s.list = slices.Replace(s.list, first, last, [2]int64{from, to})
	return fresh
}
