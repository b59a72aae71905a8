package ui

import (
	"io"
	"strings"
)

// Warning prints a warning. Like all messages it goes to stderr; that this fails can be told to nobody, so no message
// returns an error.
func Warning(w io.Writer, text string) { message(w, "warning: ", text) }

// Note prints what is worth knowing and needs no act.
func Note(w io.Writer, text string) { message(w, "", text) }

// Failure prints an error's text and then its hints, one line each.
func Failure(w io.Writer, text string, hints []string) {
	message(w, "error: ", text)
	for _, h := range hints {
		message(w, "hint: ", h)
	}
}

// message prints each line of a text as a message of its own: several errors may have been joined.
func message(w io.Writer, kind, text string) {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimRight(Clean(text), "\n")) {
		b.WriteString("paddock: " + kind + strings.TrimRight(line, "\n") + "\n")
	}
	_, _ = io.WriteString(w, b.String())
}

// Ask prints a question, whose answer is to be typed on the same line.
func Ask(w io.Writer, question string) { _, _ = io.WriteString(w, Clean(question)) }
