package staging

import (
	"context"
	"time"
)

// syncEvery is the longest that bytes stay out of the journal, however slowly they arrive.
const syncEvery = 2 * time.Second

// checkpoints writes the journals, each time enough has arrived or some time has passed, until ctx ends.
func (f *fetch) checkpoints(ctx context.Context) error {
	ticker := time.NewTicker(syncEvery)
	defer ticker.Stop()
	for {
		select {
		case <-f.disk.kick:
			if f.disk.unsynced.Load() < syncUnsynced {
				continue
			}
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
		for _, at := range f.attempts() {
			if err := at.checkpoint(); err != nil {
				return err
			}
		}
	}
}

func (f *fetch) attempts() []*attempt {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]*attempt, 0, len(f.live))
	for at := range f.live {
		out = append(out, at)
	}
	return out
}
