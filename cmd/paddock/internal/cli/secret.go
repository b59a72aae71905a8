package cli

import (
	"regexp"
	"strings"
)

// userInfo is the USER:PASSWORD@ that people put before a host, out of habit from web addresses.
var userInfo = regexp.MustCompile(`^(?:[a-zA-Z][a-zA-Z0-9+.-]*://)?[^/:@]*:([^/@]+)@`)

// Conceal takes passwords out of a text that quotes the arguments of a command line: those that stand in references,
// where they do not belong.
func Conceal(text string, args []string) string {
	for _, arg := range args {
		m := userInfo.FindStringSubmatch(arg)
		if m == nil || isDigest(arg[len(m[0]):]) {
			continue // what follows the "@" of name:tag@sha256:… is no host
		}
		// in any case: what looks like a quantisation is shown in capitals
		text = regexp.MustCompile(`(?i):`+regexp.QuoteMeta(m[1])+`@`).ReplaceAllLiteralString(text, ":xxxxx@")
	}
	return text
}

func isDigest(s string) bool {
	return strings.HasPrefix(s, "sha256:") || strings.HasPrefix(s, "sha512:")
}
