package quadlet

import (
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// The rules below are those of Podman and systemd for what Unit emits, written down a second time: what they do not cover, Unit must
// not emit.

// splitWords splits a value as Podman does (parser.splitString with SplitUnquote|SplitCUnescape), for the two escapes in use.
func splitWords(value string) ([]string, error) {
	var words []string
	var b strings.Builder
	quoted, inWord := false, false
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '\\':
			if i++; i == len(value) || value[i] != '\\' && value[i] != '"' {
				return nil, fmt.Errorf("escape at %d in %q", i, value)
			}
			b.WriteByte(value[i])
			inWord = true
		case c == '"':
			quoted, inWord = !quoted, true
		case c == '\'' && !quoted:
			return nil, errors.New("a single quote outside double ones")
		case strings.IndexByte(" \t\r\n", c) >= 0 && !quoted:
			if inWord && b.Len() == 0 {
				return nil, errors.New("an empty word ends the list")
			}
			if inWord {
				words = append(words, b.String())
			}
			b.Reset()
			inWord = false
		default:
			b.WriteByte(c)
			inWord = true
		}
	}
	if quoted || inWord && b.Len() == 0 {
		return nil, fmt.Errorf("the end of %q", value)
	}
	if inWord {
		words = append(words, b.String())
	}
	return words, nil
}

// expand does what systemd does to a command line; every % and $ must have been protected.
func expand(s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' || s[i] == '$' {
			if i+1 == len(s) || s[i+1] != s[i] {
				return "", fmt.Errorf("%q: a bare %c", s, s[i])
			}
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), nil
}

// wordsOf returns the words of every setting with that key in [Container], as a command line has them in the end.
func wordsOf(t *testing.T, settings []setting, section, key string) []string {
	t.Helper()
	var out []string
	for _, s := range settings {
		if s.section != section || s.key != key {
			continue
		}
		words, err := splitWords(s.value)
		if err != nil {
			t.Fatalf("%s=%s: %v", key, s.value, err)
		}
		for _, w := range words {
			out = append(out, mustExpand(t, w))
		}
	}
	return out
}

// lineOf returns a value that is taken as it is, with the quotes stripped that any version of Podman strips.
func lineOf(t *testing.T, settings []setting, key string) string {
	t.Helper()
	return mustExpand(t, strings.Trim(last(settings, "Container", key), `"`))
}

func mustExpand(t *testing.T, s string) string {
	t.Helper()
	s, err := expand(s)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func fields(t *testing.T, mount string) []string {
	t.Helper()
	f, err := csv.NewReader(strings.NewReader(mount)).Read()
	if err != nil {
		t.Fatalf("%s: %v", mount, err)
	}
	return f
}
