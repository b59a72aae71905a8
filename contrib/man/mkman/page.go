package main

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
)

// unlink leaves only the text of links to other pages: a terminal shows "paddock-pull(1)", which is how man is asked for
// it, and has no use for the name of the source.
func unlink(markdown []byte) []byte {
	return regexp.MustCompile(`\[([^\]\n]+)\]\([^)\n]+\.md\)`).ReplaceAll(markdown, []byte("$1"))
}

// check refuses a page that does not look right at 80 columns, though it renders.
func check(roff []byte) error {
	if !bytes.Contains(roff, []byte("\n.SH NAME")) {
		return errors.New("it has no NAME section")
	}
	for line := range bytes.Lines(roff) {
		switch line = bytes.TrimSpace(line); {
		case bytes.HasPrefix(line, []byte(".TS")):
			// tbl gives each column of long cells a share of the line, however little it needs
			return errors.New("it has a table, which can be wider than a terminal: use a definition list")
		case bytes.HasPrefix(line, []byte(".S")) && bytes.ContainsRune(line, '"'):
			// quotes around an argument of a macro belong to roff, which drops them
			return fmt.Errorf("the heading %q has a quote, which is not shown", line)
		case bytes.Contains(line, []byte(".md\\[ra]")):
			return fmt.Errorf("a link is left, which is shown: %q", line)
		}
	}
	return nil
}
