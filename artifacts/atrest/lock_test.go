package atrest

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
)

func TestLock(t *testing.T) {
	l := &Lock{Path: filepath.Join(t.TempDir(), "store", "lock"), Logger: slog.New(slog.DiscardHandler)}
	none, err := l.Read(t.Context(), nil, 1)
	if err != nil || none != nil {
		t.Fatalf("where there is no lock file: %v, %v", none, err)
	}
	none.Release()
	if _, err := os.Stat(filepath.Dir(l.Path)); err == nil {
		t.Error("reading made the store")
	}
	writer, err := l.Write(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Read(t.Context(), nil, 2); !errors.Is(err, ErrBusy) {
		t.Errorf("beside a writer: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var heard []string
	wait := func(reason string) {
		heard = append(heard, reason)
		cancel()
	}
	if _, err := l.Write(ctx, wait); !errors.Is(err, context.Canceled) || len(heard) != 2 || heard[0] == "" || heard[1] != "" {
		t.Errorf("a second writer: %v, heard %q", err, heard)
	}
	writer.Release()
	for range 2 {
		reader, err := l.Read(t.Context(), nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer reader.Release()
	}
}
