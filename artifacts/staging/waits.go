package staging

import (
	"slices"
	"sync"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
)

// waits shows the latest of the reasons for which something is waited for.
type waits struct {
	progress artifacts.Progress

	mu      sync.Mutex
	reasons []*string
}

// begin shows a reason until the function it returns is called.
func (w *waits) begin(reason string) (end func()) {
	mine := &reason
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reasons = append(w.reasons, mine)
	w.progress.Wait(reason)
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.reasons = slices.DeleteFunc(w.reasons, func(r *string) bool { return r == mine })
		if n := len(w.reasons); n > 0 {
			w.progress.Wait(*w.reasons[n-1])
		} else {
			w.progress.Wait("")
		}
	}
}

// Start implements artifacts.Progress.
func (nobody) Start(digest.Digest, int64, int64) {}

// Advance implements artifacts.Progress.
func (nobody) Advance(digest.Digest, int64) {}

// Finish implements artifacts.Progress.
func (nobody) Finish(digest.Digest) {}

// Wait implements artifacts.Progress.
func (nobody) Wait(string) {}
