package quadlet

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// expansions protects a text from what systemd does to a command line: specifiers (%) and variables ($). Quadlet copies
// both as they are.
func expansions(s string) string { return strings.ReplaceAll(specifiers(s), "$", "$$") }

// specifiers protects a text from systemd's specifiers alone, for settings where variables have no meaning.
func specifiers(s string) string { return strings.ReplaceAll(s, "%", "%%") }

// word quotes one word of a list that Quadlet splits and C-unescapes: Exec=, Mount=, Environment=, Label=.
//
// An empty word cannot be carried: Podman's splitter takes it for the end of the list (extractFirstWord), and drops
// whatever follows without a warning.
func word(s string) (string, error) {
	if err := printable(s); err != nil {
		return "", err
	}
	if s == "" {
		return "", errors.New("an empty word cannot be put into a unit")
	}
	if !strings.ContainsFunc(s, func(r rune) bool { return !isPlain(r) }) {
		return s, nil
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`, nil
}

// line checks a value that is taken as it is: Image=, HealthCmd=, PublishPort=. Podman up to 5.8.1 strips every
// quote at both ends and later ones a pair of them, white space is trimmed, and a backslash at the end joins the next line.
func line(s string) (string, error) {
	if err := printable(s); err != nil {
		return "", err
	}
	switch {
	case s == "":
		return "", errors.New("an empty value cannot be put into a unit")
	case strings.TrimSpace(s) != s:
		return "", fmt.Errorf("white space around %q cannot be put into a unit", s)
	case strings.HasPrefix(s, `"`), strings.HasSuffix(s, `"`):
		return "", fmt.Errorf("%q: a quote at its beginning or end cannot be put into a unit", s)
	case strings.HasSuffix(s, `\`):
		return "", fmt.Errorf("%q: a backslash at its end cannot be put into a unit", s)
	}
	return s, nil
}

func printable(s string) error {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return fmt.Errorf("%q: control characters and invalid UTF-8 cannot be put into a unit", s)
	}
	return nil
}

// isPlain says whether a character means nothing to Podman's splitter nor to systemd's.
func isPlain(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_@%$+=:,./-", r)
}
