package ui

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
)

// NewLog returns a log for people: warnings and errors are messages as all others, with what is known of each in brackets. Where
// debug or info lines are wanted, too, it is slog's text, with its times.
func NewLog(w io.Writer, level slog.Level) *slog.Logger {
	if level < slog.LevelWarn {
		return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
	}
	return slog.New(&logMessages{w: w, level: level})
}

// logMessages writes records as messages.
type logMessages struct {
	w     io.Writer
	level slog.Level
	attrs []slog.Attr
	group string // "" or ends in "."
}

// Enabled implements slog.Handler.
func (l *logMessages) Enabled(_ context.Context, level slog.Level) bool { return level >= l.level }

// Handle implements slog.Handler.
func (l *logMessages) Handle(_ context.Context, r slog.Record) error {
	attrs := slices.Clone(l.attrs)
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, slog.Attr{Key: l.group + a.Key, Value: a.Value})
		return true
	})
	kind := "warning: "
	if r.Level >= slog.LevelError {
		kind = "error: "
	}
	text := r.Message
	if len(attrs) > 0 {
		known := make([]string, len(attrs))
		for i, a := range attrs {
			known[i] = a.Key + ": " + a.Value.String()
		}
		text += " (" + strings.Join(known, ", ") + ")"
	}
	message(l.w, kind, text)
	return nil
}

// WithAttrs implements slog.Handler.
func (l *logMessages) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *l
	with.attrs = slices.Clone(l.attrs)
	for _, a := range attrs {
		with.attrs = append(with.attrs, slog.Attr{Key: l.group + a.Key, Value: a.Value})
	}
	return &with
}

// WithGroup implements slog.Handler.
func (l *logMessages) WithGroup(name string) slog.Handler {
	with := *l
	if name != "" {
		with.group += name + "."
	}
	return &with
}
