package podmanstore

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// cut serves the first bytes of a blob, and nothing more.
func cut(open artifacts.Opener) artifacts.Opener {
	var served atomic.Bool
	return func(ctx context.Context, offset, _ int64) (io.ReadCloser, error) {
		if served.Swap(true) {
			return nil, errors.New("the cable was cut")
		}
		body, err := open(ctx, offset, 3)
		if err != nil {
			return nil, err
		}
		return struct {
			io.Reader
			io.Closer
		}{io.MultiReader(body, iotest.ErrReader(io.ErrUnexpectedEOF)), body}, nil
	}
}

// TestLocalAfterInterruption: a download was begun before the blob came to the cache; nothing of it stays.
func TestLocalAfterInterruption(t *testing.T) {
	s := testStore(t)
	cache, _ := hubWith(t, weights, 0o644)
	o := storetest.NewOrigin(t, testName, map[string]string{"m.gguf": weights})
	for i := range o.Plan.Blobs {
		o.Plan.Blobs[i].Open = cut(o.Plan.Blobs[i].Open)
	}
	if _, err := s.Land(t.Context(), o.Plan, nil); err == nil {
		t.Fatal("no error")
	}
	begun := filepath.Join(s.StagingDir(), digest.FromString(weights).Encoded()+".part")
	if _, err := os.Stat(begun); err != nil {
		t.Fatal(err)
	}
	again := storetest.NewOrigin(t, testName, map[string]string{"m.gguf": weights})
	noFetch(again)
	if _, err := s.Land(t.Context(), again.Plan, &artifacts.LandOptions{Local: cache.Find}); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(s.StagingDir()); err != nil || len(left) > 0 {
		t.Errorf("left in staging: %v, %v", left, err)
	}
}
