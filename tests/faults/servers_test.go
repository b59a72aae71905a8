//go:build faults

package faults

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/paddock-dev/paddock/tests/faults/proxy"
)

// badServer is a way in which a registry, or what stands before it, misbehaves.
type badServer struct {
	name string
	// spoil makes the faults; it is asked of each GET of a blob.
	spoil func(r *rand.Rand, q *proxy.Request) *proxy.Fault
	// code is the exit status of the pull. One that is not 0 must say every text.
	code int
	says []string
	// again bounds the bytes that are sent twice, as a part of the blob.
	again float64
}

// servers tries every kind of bad server. Whatever it does, the pull after it completes.
func servers(t *testing.T, w *world) {
	for _, c := range append(passing(), lasting()...) {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, 0)
			r := w.random(t)
			var spoiled atomic.Int64
			s.Spoil(func(q *proxy.Request) *proxy.Fault {
				if !q.Blob {
					return nil
				}
				f := c.spoil(r, q)
				if f != nil {
					spoiled.Add(1)
				}
				return f
			})
			s.env = []string{"PADDOCK_STALL_TIMEOUT=1"}
			if c.code == 0 {
				s.lands(t, w.main)
			} else {
				s.fails(t, s.pull(t, w.main), c.code, c.says...)
			}
			if again := float64(s.Count().Again); again > c.again*float64(w.main.size) {
				t.Errorf("%.0f bytes were sent again, want at most %.2f of %d", again, c.again, w.main.size)
			}
			if spoiled.Load() == 0 {
				t.Error("nothing was broken")
			}
			s.recovers(t, w.main)
		})
	}
}

// once spoils the nth blob request that asks for a part, and no other.
func once(nth int, f proxy.Fault) func(*rand.Rand, *proxy.Request) *proxy.Fault {
	ranged := 0
	return func(_ *rand.Rand, q *proxy.Request) *proxy.Fault {
		if q.Ranged {
			if ranged++; ranged == nth {
				return &f
			}
		}
		return nil
	}
}

// corruptsOnce changes a byte in the first answer that has it.
func corruptsOnce() func(*rand.Rand, *proxy.Request) *proxy.Fault {
	done := false
	return func(_ *rand.Rand, q *proxy.Request) *proxy.Fault {
		if done || !q.Has(flipped) {
			return nil
		}
		done = true
		return &proxy.Fault{Flip: flipped}
	}
}

func always(f proxy.Fault) func(*rand.Rand, *proxy.Request) *proxy.Fault {
	return func(*rand.Rand, *proxy.Request) *proxy.Fault { return &f }
}

// sometimes spoils one request in n.
func sometimes(n int, f func(*rand.Rand) proxy.Fault) func(*rand.Rand, *proxy.Request) *proxy.Fault {
	return func(r *rand.Rand, _ *proxy.Request) *proxy.Fault {
		if r.IntN(n) > 0 {
			return nil
		}
		fault := f(r)
		return &fault
	}
}

// flipped is a byte in the middle of the 256 MiB.
const flipped = 100*mib + 12345

func header(name, value string) http.Header {
	return http.Header{http.CanonicalHeaderKey(name): {value}}
}

// passing are faults that a pull gets over. What may be sent again is what a connection may hold that is given up, or, where
// the bytes themselves cannot be trusted, all.
func passing() []badServer {
	return []badServer{
		{"drops connections", sometimes(2, func(r *rand.Rand) proxy.Fault {
			return proxy.Fault{Cut: true, After: r.Int64N(16 * mib)}
		}), 0, nil, 0.3},
		{"stalls", func(r *rand.Rand, q *proxy.Request) *proxy.Fault {
			if q.N > 6 {
				return nil
			}
			return &proxy.Fault{Stall: true, After: r.Int64N(4 * mib)}
		}, 0, nil, 0.3},
		{"corrupts once", corruptsOnce(), 0, nil, 1.1},
		{"ignores ranges", always(proxy.Fault{IgnoreRange: true}), 0, nil, 0.3},
		{"ignores a range once", once(5, proxy.Fault{IgnoreRange: true}), 0, nil, 1.1},
		{"sends another range", once(4, proxy.Fault{Header: header("Content-Range", fmt.Sprintf("bytes 0-9/%d", 256*mib))}), 0, nil, 1.1},
		{"has another size", once(4, proxy.Fault{Header: header("Content-Range", "bytes 0-9/10")}), 0, nil, 1.1},
		{"compresses once", once(4, proxy.Fault{Gzip: true}), 0, nil, 1.1},
		{"is too busy", sometimes(6, func(*rand.Rand) proxy.Fault {
			return proxy.Fault{Status: http.StatusTooManyRequests, Header: header("Retry-After", "1")}
		}), 0, nil, 0.05},
		{"is sometimes down", sometimes(6, func(*rand.Rand) proxy.Fault {
			return proxy.Fault{Status: http.StatusServiceUnavailable}
		}), 0, nil, 0.05},
		{"changes the ETag", sometimes(1, func(r *rand.Rand) proxy.Fault {
			return proxy.Fault{Header: header("ETag", fmt.Sprintf("%q", fmt.Sprint(r.Uint64())))}
		}), 0, nil, 0.05},
	}
}

// lasting are faults that no client gets over.
func lasting() []badServer {
	return []badServer{
		{"always corrupts", always(proxy.Fault{Flip: flipped}), 5, []string{"verification failed", "sha256:"}, 1.1},
		{"always compresses", always(proxy.Fault{Gzip: true}), 5, []string{"verification failed", "gzip"}, 1.1},
		{"always stalls", always(proxy.Fault{Stall: true}), 1, []string{"no byte for 1s"}, 0},
		{"is down", always(proxy.Fault{Status: http.StatusServiceUnavailable}), 1, []string{"503 Service Unavailable"}, 0},
		{"has lost the blob", always(proxy.Fault{Status: http.StatusNotFound}), 1, []string{"404 Not Found"}, 0},
		{"wants a long wait", always(proxy.Fault{Status: http.StatusTooManyRequests, Header: header("Retry-After", "86400")}), 1,
			[]string{"429 Too Many Requests", "24h0m0s"}, 0},
	}
}
