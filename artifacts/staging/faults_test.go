package staging

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
)

const faultSize = 20<<20 + 77

// Each fault is one that the origin gets over, and Fetch with it.
func TestPassingFaults(t *testing.T) {
	data := patterned(5, faultSize)
	part := func(from, length int64) []byte { return data[from : from+length] }
	wrong := func(b []byte) []byte { c := append([]byte(nil), b...); c[len(c)/2] ^= 1; return c }
	for name, fault := range map[string]func(n int, from, length int64) (io.ReadCloser, error){
		"temporary error": func(n int, _, _ int64) (io.ReadCloser, error) {
			if n%3 == 0 {
				return nil, &artifacts.TemporaryError{Err: errors.New("503")}
			}
			return nil, nil
		},
		"retry later": func() func(int, int64, int64) (io.ReadCloser, error) {
			var start time.Time
			var once sync.Once
			return func(int, int64, int64) (io.ReadCloser, error) {
				once.Do(func() { start = time.Now() })
				if time.Since(start) < 3*time.Minute {
					return nil, &artifacts.TemporaryError{Err: errors.New("429"), RetryAfter: time.Minute}
				}
				return nil, nil
			}
		}(),
		"short body, in order": func(n int, from, length int64) (io.ReadCloser, error) {
			if n < 20 {
				return breaking(part(from, length/3), io.EOF), nil
			}
			return nil, nil
		},
		"short body, not in order": func(n int, from, length int64) (io.ReadCloser, error) {
			if n < 30 {
				return breaking(part(from, length/2), io.ErrUnexpectedEOF), nil
			}
			return nil, nil
		},
		"reset": func(n int, from, length int64) (io.ReadCloser, error) {
			if n < 30 {
				return breaking(part(from, length/2), errors.New("connection reset")), nil
			}
			return nil, nil
		},
		"time limit of the origin's own": func(n int, from, length int64) (io.ReadCloser, error) {
			if n < 10 {
				return nil, context.DeadlineExceeded
			}
			return nil, nil
		},
		"stall": func(n int, from, _ int64) (io.ReadCloser, error) {
			if n%4 == 1 && n < 30 {
				b := &blocked{done: make(chan struct{})}
				return &prefixed{io.MultiReader(strings.NewReader(string(part(from, 1000))), b), b}, nil
			}
			return nil, nil
		},
		"wrong bytes in one part": func(n int, from, length int64) (io.ReadCloser, error) {
			if n == 4 {
				return breaking(wrong(part(from, length)), io.EOF), nil
			}
			return nil, nil
		},
		"more than asked for": func(n int, from, length int64) (io.ReadCloser, error) {
			if length < 0 {
				return nil, nil
			}
			return breaking(data[from:], io.EOF), nil
		},
		"ranges end midway": func(n int, from, length int64) (io.ReadCloser, error) {
			if n > 3 && (from != 0 || length != -1) {
				return nil, artifacts.ErrNoRange
			}
			return nil, nil
		},
		"no ranges, and broken once": func() func(n int, from, length int64) (io.ReadCloser, error) {
			var broken atomic.Bool
			return func(n int, from, length int64) (io.ReadCloser, error) {
				if from != 0 || length != -1 {
					return nil, artifacts.ErrNoRange
				}
				if !broken.Swap(true) {
					return breaking(data[:faultSize/2], io.ErrUnexpectedEOF), nil
				}
				return nil, nil
			}
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, w := Open(t.TempDir()), newWatcher()
				o := &origin{data: data, fault: fault}
				b := mustFetch(t, a, &Options{Progress: w}, o.blob())
				w.check(t, o.blob())
				mustClose(t, b)
				if left := files(t, a); len(left) != 0 {
					t.Errorf("left: %v", left)
				}
				if n := len(w.waits); n > 0 && w.waits[n-1] != "" {
					t.Errorf("still waits at the end: %q", w.waits)
				}
			})
		})
	}
}

type prefixed struct {
	io.Reader
	io.Closer
}

// Each fault stays, so Fetch must end, with the right error, in bounded time and requests.
func TestLastingFaults(t *testing.T) {
	data := patterned(6, faultSize)
	for name, c := range map[string]struct {
		fault   func(n int, from, length int64) (io.ReadCloser, error)
		blob    func(*artifacts.Blob)
		want    error
		says    string
		within  time.Duration
		request int
	}{
		"digest": {
			blob: func(b *artifacts.Blob) { b.Digest = digest.FromString("other") },
			want: artifacts.ErrVerification, says: "have digest sha256:", request: 40,
		},
		"longer than said": {
			blob: func(b *artifacts.Blob) { b.Size -= 10 },
			want: artifacts.ErrVerification, request: 40,
		},
		"shorter than said": {
			blob: func(b *artifacts.Blob) { b.Size += 1 << 20 },
			want: artifacts.ErrVerification, says: fmt.Sprint(faultSize), within: time.Minute, request: 60,
		},
		"refused for ever": {
			fault: func(int, int64, int64) (io.ReadCloser, error) {
				return nil, &artifacts.TemporaryError{Err: errGone, RetryAfter: time.Minute}
			},
			want: errGone, says: "refused 5 times", within: 10 * time.Minute, request: 3 * defaultJobs,
		},
		"permanent": {
			fault: func(n int, _, _ int64) (io.ReadCloser, error) { return nil, errGone },
			want:  errGone, request: defaultJobs,
		},
		"temporary for ever": {
			fault: func(int, int64, int64) (io.ReadCloser, error) { return nil, &artifacts.TemporaryError{Err: errGone} },
			want:  errGone, says: "5 tries", within: 40 * time.Second, request: 5 * defaultJobs,
		},
		"not today": {
			fault: func(int, int64, int64) (io.ReadCloser, error) {
				return nil, &artifacts.TemporaryError{Err: errGone, RetryAfter: 24 * time.Hour}
			},
			want: errGone, says: "24h", request: defaultJobs,
		},
		"no body ever": {
			fault: func(int, int64, int64) (io.ReadCloser, error) { return breaking(nil, io.ErrUnexpectedEOF), nil },
			want:  io.ErrUnexpectedEOF, within: 40 * time.Second, request: 5 * defaultJobs,
		},
		"always no range": {
			fault: func(int, int64, int64) (io.ReadCloser, error) { return nil, artifacts.ErrNoRange },
			want:  artifacts.ErrNoRange, request: defaultJobs + 2,
		},
		"no ranges, and always broken": {
			fault: func(_ int, from, length int64) (io.ReadCloser, error) {
				if from != 0 || length != -1 {
					return nil, artifacts.ErrNoRange
				}
				return breaking(data[:1<<20], io.ErrUnexpectedEOF), nil
			},
			want: artifacts.ErrNoRange, within: time.Minute, request: defaultJobs + 2*maxRestarts,
		},
		"silent": {
			fault: func(int, int64, int64) (io.ReadCloser, error) { return &blocked{done: make(chan struct{})}, nil },
			want:  errStalled, within: time.Minute, request: maxSilent * defaultJobs,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := Open(t.TempDir())
				o := &origin{data: data, fault: c.fault}
				blob := o.blob()
				if c.blob != nil {
					c.blob(&blob)
				}
				start := time.Now()
				_, err := a.Fetch(t.Context(), []artifacts.Blob{blob}, nil)
				if !errors.Is(err, c.want) || !strings.Contains(fmt.Sprint(err), c.says) || !strings.Contains(fmt.Sprint(err), blob.Digest.String()) {
					t.Errorf("error %v, want %v with %q and the digest", err, c.want, c.says)
				}
				if took := time.Since(start); took > c.within {
					t.Errorf("took %v of the fake clock, want at most %v", took, c.within)
				}
				if n, _ := o.counts(); n > c.request {
					t.Errorf("%d requests, want at most %d", n, c.request)
				}
				for _, e := range must(a.Entries()) {
					if e.InUse || e.Complete {
						t.Errorf("entry %+v", e)
					}
				}
			})
		})
	}
}

var errGone = errors.New("gone")

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// An origin that is overloaded gets fewer requests at once.
func TestOverload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := patterned(7, 64<<20)
		var mu sync.Mutex
		open, most, refused := 0, 0, 0
		o := &origin{data: data}
		o.fault = func(_ int, from, length int64) (io.ReadCloser, error) {
			mu.Lock()
			defer mu.Unlock()
			if open >= 2 {
				refused++
				return nil, &artifacts.TemporaryError{Err: errors.New("429"), RetryAfter: time.Second}
			}
			open++
			most = max(most, open)
			done := func() { mu.Lock(); open--; mu.Unlock() }
			return &slow{data: data[from : from+length], close: done, each: 10 * time.Millisecond}, nil
		}
		mustClose(t, mustFetch(t, Open(t.TempDir()), nil, o.blob()))
		if n, _ := o.counts(); refused > n/2 || refused == 0 || most != 2 {
			t.Errorf("%d of %d requests refused, %d at once", refused, n, most)
		}
	})
}

// slow yields 64 KiB at a time.
type slow struct {
	data  []byte
	each  time.Duration
	close func()
	once  sync.Once
}

func (s *slow) Read(b []byte) (int, error) {
	if len(s.data) == 0 {
		return 0, io.EOF
	}
	time.Sleep(s.each)
	n := copy(b[:min(len(b), 64<<10)], s.data)
	s.data = s.data[n:]
	return n, nil
}

func (s *slow) Close() error {
	if s.close != nil {
		s.once.Do(s.close)
	}
	return nil
}

// A slow connection holds back its own piece only: others take the piece's end, and the crawling request is broken off.
func TestSlowConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := patterned(8, 96<<20)
		o := &origin{data: data}
		o.fault = func(n int, from, length int64) (io.ReadCloser, error) {
			each := 10 * time.Millisecond // 6.25 MiB/s
			if n == 3 {
				each = 3 * time.Second
			}
			return &slow{data: data[from : from+length], each: each}, nil
		}
		start := time.Now()
		mustClose(t, mustFetch(t, Open(t.TempDir()), nil, o.blob()))
		if took := time.Since(start); took > 10*time.Second { // 96 MiB over 8 good connections take 2 s
			t.Errorf("took %v of the fake clock", took)
		}
	})
}

// TestAway: a registry that is away for a moment ends no download.
func TestAway(t *testing.T) {
	for name, gone := range map[string]error{
		"refused": &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)},
		"no name": &net.DNSError{Err: "temporary failure in name resolution", Name: "registry"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				data := patterned(9, 4<<20)
				o := &origin{data: data}
				o.fault = func(n int, from, length int64) (io.ReadCloser, error) {
					if n >= 2 && n < 6 { // fewer than one piece is tried
						return nil, fmt.Errorf("asking: %w", gone)
					}
					return nil, nil
				}
				mustClose(t, mustFetch(t, Open(t.TempDir()), nil, o.blob()))
			})
		})
	}
}
