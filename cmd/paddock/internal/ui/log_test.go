package ui

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

func TestLog(t *testing.T) {
	var out bytes.Buffer
	log := NewLog(&out, slog.LevelWarn)
	log.Info("resuming")
	log.Warn("starting over", "digest", "sha256:1", "reason", errors.New("cut\x1b off"))
	log.With("a", 1).WithGroup("g").Error("lost", "b", 2)
	want := "paddock: warning: starting over (digest: sha256:1, reason: cut\\x1b off)\npaddock: error: lost (a: 1, g.b: 2)\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	out.Reset()
	NewLog(&out, slog.LevelInfo).Info("resuming", "have", 1)
	if !strings.HasSuffix(out.String(), "level=INFO msg=resuming have=1\n") {
		t.Errorf("got %q", out.String())
	}
}
