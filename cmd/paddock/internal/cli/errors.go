package cli

import (
	"errors"
	"fmt"
)

// errInterrupted says that a signal ended the run.
var errInterrupted = errors.New("interrupted")

// usageError says that the command line itself is wrong. Nothing was done.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// usagef makes a usage error of a message.
func usagef(format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...)}
}

// asUsage makes err a usage error, unless it is one already; nil stays nil.
func asUsage(err error) error {
	var u *usageError
	if err == nil || errors.As(err, &u) {
		return err
	}
	return &usageError{err: err}
}

// hinted is an error with the next thing to do. The hint is no part of the message.
type hinted struct {
	err  error
	hint string
}

func (h *hinted) Error() string { return h.err.Error() }
func (h *hinted) Unwrap() error { return h.err }

// WithHint attaches the next thing to do to an error: a sentence without a capital and a period, best a command to
// type. A nil error stays nil, and an empty hint adds nothing. Libraries attach none; commands do.
func WithHint(err error, hint string) error {
	if err == nil || hint == "" {
		return err
	}
	return &hinted{err: err, hint: hint}
}

// Hints returns the hints of err and of all that it wraps, outermost first, each once.
func Hints(err error) []string {
	var hints []string
	seen := map[string]bool{}
	walkErrors(err, func(e error) {
		if h, ok := e.(*hinted); ok && !seen[h.hint] {
			seen[h.hint] = true
			hints = append(hints, h.hint)
		}
	})
	return hints
}

// walkErrors visits err and what it wraps, depth first.
func walkErrors(err error, visit func(error)) {
	if err == nil {
		return
	}
	visit(err)
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		walkErrors(e.Unwrap(), visit)
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			walkErrors(one, visit)
		}
	}
}
