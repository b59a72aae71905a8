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

func message(w io.Writer, kind, text string) {
	_, _ = io.WriteString(w, "paddock: "+kind+strings.TrimRight(Clean(text), "\n")+"\n")
}
