package engine

import (
	"fmt"
	"strings"
)

// ShellLine returns one line that a POSIX shell reads back as exactly the arguments given. It refuses NUL and line breaks, which a
// line cannot carry.
func ShellLine(argv []string) (string, error) {
	words := make([]string, len(argv))
	for i, a := range argv {
		if strings.ContainsAny(a, "\x00\n\r") {
			return "", fmt.Errorf("quoting %q for a shell: it does not fit on one line", a)
		}
		words[i] = shellWord(a, i == 0)
	}
	return strings.Join(words, " "), nil
}

// shellWord quotes with '…' whatever is not surely free of meaning. An "=" means an assignment in the first word.
func shellWord(s string, first bool) string {
	plain := s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !isPlain(r) })
	if plain && !(first && strings.Contains(s, "=")) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func isPlain(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_@%+=:,./-", r)
}
