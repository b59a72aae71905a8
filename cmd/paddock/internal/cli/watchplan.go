package cli

import (
	"context"
	"io"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

// watchPlan returns the same plan, whose blobs tell progress when they are read. done ends the showing.
func watchPlan(plan *artifacts.Plan, progress *ui.Progress) (watched *artifacts.Plan, done func()) {
	out := *plan
	out.Blobs = slices.Clone(plan.Blobs)
	for i := range out.Blobs {
		if b := &out.Blobs[i]; b.Data == nil {
			open := b.Open
			b.Open = func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
				body, err := open(ctx, offset, length)
				if err != nil {
					return nil, err
				}
				progress.Start(b.Digest, b.Size, offset)
				return &watchedBody{ReadCloser: body, digest: b.Digest, left: b.Size - offset, progress: progress}, nil
			}
		}
	}
	return &out, progress.Close
}

type watchedBody struct {
	io.ReadCloser
	digest   digest.Digest
	left     int64
	progress artifacts.Progress
}

func (w *watchedBody) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	w.progress.Advance(w.digest, int64(n))
	if w.left -= int64(n); w.left == 0 && n > 0 {
		w.progress.Finish(w.digest)
	}
	return n, err
}
